// Made by scripts/make-reference-vectors. Not to be edited.

extension ReferenceVectors {
    /// By numpy 2.4.6, sentence_transformers 6.2.0, tokenizers 0.23.3, torch 2.13.0+cpu, transformers 5.23.0.
    static let ofDefaultModel = [
        ReferenceVectors(
            text: "",
            vector: """
                jGHzvevURT36/ia7dmg0vDzKVD24nig8SmjsPTyxNzqX+a+9EbOQvcGMrjp5SxG98wKXPADE3Luj6Mc8jLDxvHgibr23mU69YByq\
                vNvc7TyQaIK9gdrEPEP81jyw1cW7m3o1vA+Wt7qTiJi81TkGPUUjPTsFPmm9K/wzvTcx0DzUCbQ9UbrMvBNBFr3gg8w7XyCIvQWD\
                ib07dqg86p8tPSo+szyJpS+99M4MvaTEez3NbIY9Ns+gvdKO8Tw56zA8D7CBPbiqOL1kX5W8dhfjvM/DcLsI5BW9ezVePYTbqrza\
                VHY8PiZ2vZFMhjwkJQi9pWOPPCcIHLpDaCe+COutPSJRm72G+IM8OC1GPdn5+Ls9rsy8lLNzPVzxhj1L7A+9ds5nOovp7L2GTUo9\
                /qQJPV/pYT2ZItg8w+5bPZV3Hz1VUeY5vfOTPC45vr1Rf4W7adpXuhgDSL28ztq7m9rAvGsxHL1v11Y9CQ4uvQD3ZL15zLE9KoxI\
                ve7Lqr15cju98untPE/1DT2dIrG93fvPPs0/Ez3HKpk83qjIPfjcALwfRMI8Wclrvb1Der2T8Ni7zlfnOxeFsTwa7ce8m0YJvR4s\
                gznm3wE9ZoQ0Pa7OwT1BvBG9B5SUu1YOMz1J9lY5jlg7u5PZy7yPdnY7GQ1mPO9dnz1zfQe+RlPhO8X0FYpNV/A7V6kyO3sGRzwY\
                7R+7ydLkPDjaID0NXHU74zI+vZBxbbzHjVs9bfXXOzgcFj0ah7284CgGPZf4nz2HvB08tHsCPF5fPDtegfa62buZO6kyS7zl0VK6\
                i7u8vFMEMD2Fgee8RBuJvSLbHT2BHZG9NbykPKhovzqM4L864nBMPdWL1LxFjlc65uUZvVlx67xetAg9t9aYvd5jE71JYNI8pV5N\
                vYGOMTxu0y29ZOIuu80YobuFeSo+JUOXusKMort8wYS9dd+OPeuvOLsmsq68PNntvfyDMT2smVu7s7akvD+chzwzGzS9COqoPGLu\
                FLw5Jh884VghPfqYTLwZMhk8QxuxvZG6Rr2fhcg8yC4LvNbvvDw/EE+83+9QvaaRFj2nfRo9qkP9PMvq67yd2Z28RXaivNfHEj2q\
                IaU9uebUO6Y5ET0R3Su9qVfbOwRBxbzRm8I9+shfPZRQijv8M1S9hV0nPApXKL0HahK9tSh7PeLLSrs7JbQ9OKLEOyidugn7CZ69\
                VZebPEtiEr2s27U9vc+PvJEONbuVrBg9o5m4Pfhyvb1NU4s92Wu3POWvOL219fw8nUA2Pe4JvrsiURA9zriOPaImhbuupea8BVkS\
                vRTq+bxcnwS9E9QjuzESDz225ym9+nD3PGMFRz3SooE9yLWxvBa8Fj2Nmh89Ei7BvBxkT71XZm699a5FPTsfrD2vpxY9+6lLunKO\
                yzxA606973siPUQyJbyvFxM7yZHvPTDos7z4P767Ev1EvcVOeDtJERA9/E2ePS7evr3ufUS8gfazvEkkKT0dE7y86VSIOxMGMb3n\
                y489zCKcvMUx+Tk6l7M7sjrbPI+tCb1Hq1w8Yle6vK2sHj0Y5ci80cwUvdbv6rpqU1e9eTHbO0a807xIEgq+WlmVOqE0Qb2JCFu9\
                f/SWvLJX77uXOB68w4YavXJDC70S4JY8zB8DvKKgtLvqWAm9x1GlvG98sTyDQzA8l2prvTJboTxTRe27Yri8PEQ99j0md1Q7OEwm\
                PPRFZrJDYj+9wmEmPezNY72MHve6+bNmPR9SSz2VJyq90yIFPTfw0jxO2pm8BL2NPbDk1DzM7eO89NNrPXjxuj2HGHu843fWvd77\
                4byU5YS8+f4QvSFmK7x8XWW8lDiauRFGq72N9gE8gxHkOzsqNb3tGpk9CGSYPRI4Jr0GcO+6hJyiPEajazyloqg8zFG1PKTUg71i\
                dIK9cDaEPJNSIjyLLba79PBfvbn3vrw4UpA9vfHTOy1hQ71TBG+762gAPMICo7uId0u87lufvZeodrogHQO8XrvFO1a/rD0Swts9\
                hzs7POD/WjxI2lC8gbd7Pa78ET1HjiI+fHEBPjGqPj2BwYC8
                """),
        ReferenceVectors(
            text: """
                Gain staging
                """,
            vector: """
                e/XJuliB2jyKCSe8qpsIPCfVir3yaKC8O4RGPYjrwryPKRK8i9ORPG3yPLxauG+9661lPbqCsLzg0aY9B05gvCedAD1iA/O6TToM\
                Pe7W1LuEcuq9D1x1vffwxrwdtKK7p4S9PDXxlL3TcY+9L7JvPc4khz2vSay9LxUBObUyFT0PA0+9MBolvdebZD00bGU9bG+CvViQ\
                Hr0xJ1u9LGB0PYSeaz1WKwy9Lc84Pd5w3zvDPP68XgczvC4J1byImSA9OIRbOqBnDTwK8hS7ewvQvbdZtbzAjjc9ckluvXJBlj12\
                oQM7kNiKOl1s3jvFXxe9Ca4QveyGo7vqLZe9vSE5vQiB4LuRxRS9P5m5Oy0qjT14F2I9uhgMvVSoBD3Vkg69blK9PPD1Y739VXY9\
                wNpfPVPjnLxlr+28MIrDPSGinrwSs7o7lnKwO+oSh70Ij3m90s+NvUGCubxX+WM9OjvMO9uJUj1xjzE9Mjq1OxIHvbwVgKK9P8ac\
                PfhBbr2Vdkk96NxFvJVeML2Z9PY9QqUDPmXU8jxrO149zpSpPHkXfjxOJpG9vmVQveEfcbxwI8U99SGIPDggXTsYm5G9MmBbvIAX\
                jz1N+s27GCDgPMjUHj428Di9VNADOa5L9rwuVoG9hfVGPRcl+bwDYDM9lgVtPOsIPL1eJfW8xHNAvK0HkYm8y6w7QvoRvUExjLuk\
                tYU9slZaPDtgrLxDm/y7BgWNvJ3TiL1Eguq8fQG+vAI4CDxVoVW95bvmO7MOzztrAEK80SOzPFurPT4nnV88qnKGu4OpW72CoLQ7\
                dxJXvDIhJT308gM9EyFLPXUKjL0DDow9DWQHvaG6CLzLics844sOvTo7ErxURwu9sDBLOq4BeTyT6QA9IlOUvM2XxDvWNdg8ZUho\
                vHjE2bwBmMY7mTU4O+hfJ7pfhJE90Z7HO2C41LxfJbk7M2wzOYrF7jzRhyW7PGwgvZcrBb1Osbc87jIsPTpwg7zXkpO84tl0PI9g\
                1TyZ8zY7VqBjPTK+JLyAy9A9fi/FvVLXSL1z5249+SICvj/efz0q3XA8OJ99vYMxAb03V509ImDROwoEhT0q7r69JrklvfcXhD1x\
                gGw9AH8rPTim9zwyzgo9s7TQvazbFT33l0E9JKgLvCUOyLwJxbe9lo4PPQaudTsZpsa9V9Ntu0h1Kr0uzYE9mAC1vFAJiwmlwl09\
                e1y4PICefL0DIAS9uFopPevaBT3MYVE8FdsuveuYVT0O8q88VznLvNVh3Tz4YSM9reAvvXeTa72fEAi+hj3KPcW/Lb2NmGE8u364\
                PZhPnj2yQ4q8gcxyvUvHAD3hqzS9q4kAPVyNVL2Whgw+75yfvd27MD0nUzs7MZtevSpzL727f7+8XIaAvWa7KT3+/gE+HfSxPGo+\
                U71w2Q68a2KLvHe5obxnfBu8ngatPRWDcbwff2M8fuD3PZdDjTyz9BY9wT5AvD8FVryFaY+8UAM1vUvUg71lhGy8c+w8vKtR9L2p\
                a6u8LiPwvAYykz2OcC09oKkQPRVLpr1ZXWU8GYoFvTWeNT2Q+dg7uTgevZtk9bzKqQ49fwINPBiOKjulpPi8d49jvNfjILx/FAu9\
                mBUHvV1BOrzd4iU9oekJu2tN8r1JcBq9kb0APYgZmj3WH1o9HBXlPa3XqbyYsaQ7mNdIvHYWabtM0ZS8Y+o/vcG3WDyP/l+848/A\
                vAa7PLKfwXe8mzt5Pc+mOT23MzU9vuNJu5dSKL12x+670RT2PGv/pD2Sd0s9OENvvQ1cJzxpc4Q9vhElPTCYibwV4be8cixqvPdC\
                oD1rf/u9s/Z2vWyr1LxfXwk9KPzEPf1sib2iB2I9Zi5mvbcXQT1Hjrw9vDhLO33SCz3CD249L3JuvKipajthVF89nIDjPXeLb7w5\
                hTM8UzjMPX5pAz2x3pQ9+wSdvfTPJD3n6bA9BuKrPIFH2714S2M9RWz+vc6qszxdw1I81/XmvUjk1z18XXa9Zmp+vUsGrju0sAY9\
                4YabPLz4Gj2UwIQ9dJYDPQbZxj0N/BI9Tt4jvWvKIb3Kafy7
                """),
        ReferenceVectors(
            text: """
                How do I make my vocals sit in the mix?
                """,
            vector: """
                R7g4uzZZBb7/RYC9rUoSva/yN73G6sA8Oo5fvf89Zb2PBii8CuqVvTbKKL0jd1W91lQSPT1LvL2vMgg9Eh2tPMgNS704Qto9L8gb\
                vCYK+7unxa69FD+zvKhQOr2jNrC8Nfx1PIQ7sD3NMvq8bR4UPXz9zT3l+429fU2Fu8WXZjt29JA9+rs7PCD32rxeVeM8d6UCPYa8\
                jD1yLJO8hLeEvYA5TD1f3Cc9jAabPQvIQb00XEK9ICzRveEG2b0Xqha9LxWlPc6NYbyER5i919HLvUBSgTyDop49u970vSh7izzc\
                ekw9J4BQPXxhKDzNYx29DZ4+vM/FRrxnjxk9SYVDPAL1WzyO7sy8J1rbvFMA8T2rqSW8l4/WPcm5r7zwcIm7fTMZvStgir0CsV88\
                Sk8tvPgtnTqZ1pK9JU/YvEFvlj2DNRO9cxbJPEnSIL3BsEO9d2AGPcVeLbwzkxw91ftmvS6D3r2o+lG9Q6FYvey9CT03kmi8HEag\
                vGCYqrzB2049jTC1O2remzvAm5w9QCmKPf8b/bztMou9lGIZvBhXdLwO5FC9WAHKvfnqdTztfH4969hPvJVZsbzpd0c8H+ECvc2a\
                kzqwn389fe4XvBM3kzzgtms9kqI1vX6VtDovhya9fLp0O6DS6DzCpkq9J+ZkulICfD0Zfns8vctdvarGyomSMlY9tFebvYBk6jov\
                2Hc9ZZn/PEmZrbzi/5K9zwsQPElMnbzivF09Z/CCPQUog71Y2ke6ciDbPHvYrTthTZa9VpZcvfYk/zsBKRe9thh8vR959LyXV7e8\
                Uc/iO8mDFTyHKJc9nHJcPRYoUrxJxjQ8zcIgvX+G0LuTR7e88hZUPDfpb7pMgeg86VLfPIhb3T0MPXC9ElOBPaxXAj0nAiI9yPIi\
                u9gfNr3mTDa92U0rvUf/HD11+Cc8R7b3vJs+9DynWA09EaOpPP5vobtc9R08h1gvvELAFz0rqyu9c5hEvWtFBz2RChe9CwJhPN4R\
                PbxkCIc9doHGu0FupjxVoYC9WuCBPGLDdT0BGvi88+DhvNeSVD3xeN29qO7evK9G07x5KZK8aDGKPXhfcL03jI69jHZVvSqCJL1z\
                AoY9pr1jPTJjsT0W4ec74Q3BveBJgz0Zhsc8nFaZvfODFL1m3cU8K0K5PD9IRj2r6b29MjyqPCVIvTx/BJm8bivLvJeePwmmeVs9\
                4KcWPtScjD1fba89g7NHPPIM5jyrNe09/TqivHa8kz2sggo+kRfGPHL8xToPGyE86wUpvf4BVDsHMMy7yrYAPSGG1T2cOao9dvUV\
                PTGlPL00SRK96ym1PX7fWz258Hm63gIdvfQOWj3b76g9NsqNPVRavTxo2T095tSruxycz73zDAa+HXdgveO/ZzuZGfy86904PQ3a\
                PTwo+ka9YOg+vUvnCL29Ioq9ZIpgPZtiCbzhhya9spY/PfgmmTy3waG9i8aJvMX6AT2WY+a7SyQYPSaFxDrCZFm8A32UOoNZZT1L\
                mFY9vcEJvRx6dzxVVai8LEiyPBk/g7w/q+m9qiKaPFsGCj0E/pu8iuALPfpG+jtcV4s9HW8Vva+54Dw/1949X7HLPGEbALy9vFu9\
                ImQ7vCbGoL19iqI9i5rAvReFMb0zjkQ8UpFPOwHJlr312YM7aKfGPcODXbz+oEU9hjp+vNUjQDy10LG6zXZ/PeobUT3tPjE9hprF\
                vIfrmLIOCj09YCISPGo/iz3E5qs7vuRyvWlJ57x7Xp09RsvXvSJJoj2/vcO8cnh8Pfzl5rzACTQ93CCKOxeTwjp4Vei88bE5vv2a\
                nj2hfJi9yKZwvTa9ir0LGdO7vxZ3PD2LKb0V7OU959g1O1j9RD2JTDw9PH2/vQzBnrxWb2U8NROKPVVQpr1SC7277xyPvLYAaL0u\
                p5q8O/LrO4ip07x+uI29WWkTvXm3YD3oOdo7/T8AOryDxDz0ZyQ96n1mPY/lz7z3LpU8PBPuPBPZpTyJtRe9NRU3PQfoL7o2LIQ8\
                u9g1PLiQf7s3mTc9ARupPGzihD2QQb69czoQOVxj9DxiJKe8
                """),
        ReferenceVectors(
            text: """
                Sidechain compression: Let the kick push the bass aside. A compressor on the bass, keyed by the \
                kick, ducks it for the length of the hit. For house the pumping is the sound; elsewhere 2 to 3 dB \
                are enough that nobody hears it work.
                """,
            vector: """
                lIyavEq+5Dzkj3m8v8dRudNuJb1Z4Bg94mgdvRXZKrx0WUS9dR2UvFl6Lb16HO88M8iyvPmHIr2KkUS8I1uSPRODpjysuzo9a4zi\
                ur5xq73TOpO9YcrYu2f7/zyOo948g3UKveIDTzxGAQu8yy+YPaqrGT0jJLm958saPcAHNr24Zjs9Zv+/vKXQHL6lyH89k9UbPQ/0\
                dT0avzC8jRagPcwqVjzEzsc7j4R4PeZw1jxGLBy9PiqyPBX/hbwJn5u788oZPYowWjtAxsY8tlWAvSFoXj1ebBo+9RoNPVz11Dy2\
                uEi9T4gePdf+aD1bGWE6BFZPPVCLUT1KLI08lE0xO8qGzbw6i628NXs3PTP7PTzxmN28r17pPQYP/jwT76i9H87HvP9m/Lws1lI9\
                DRTlvFlzgLtGfdG8a0MdPRHPnD3G3IK9O+G3vd4K671DWYW9OEbXvV9pHT1bETw9q2T3vI2Xcb1h7063Uj8GvdEn8LyFN5s8XLZ4\
                vQKRDDr+ewq90KaovWj6Cj2UKR+8ibEnPQ2+ijvdtKw8wwjRu44Njb2Z4Rq9z8+rvQfnAb03A6M9egXJPGofGT3jTky9i5ibPObb\
                pbxSUnO75gDpvJygYz00pna9zcDTO5vpEL2fBCO9snAOPcwwub3VT2q9l09dvXvGIj1pdWy8ZfrBvUBLLomHaYU962mVvKfaK727\
                QgY8ExhBPFoHjLxF8w29ApElPWhL2js0Jlk+ZFgkPfN1ljyCz8g7ft3pvESCsjsQWee90xDTvUesVTuK7QG+a8yzvKYBN7waymW8\
                p+78vHEESryPTzg9ACx3vL4BIT3TRbc8mXgkPXYTjryIKHg8d9YHvVPGYbpd5Bi8ueJ/O1umL70P9EU9V1RGvB+5D70Ur8G8NPxP\
                PNOeLLzqRAY7wOBevdsMubuQZaS8eIvmPGE22rykpgE99ofsvMPBtT2FCSg9ryPHPF6coT2VsNk8olKqPGdStTzgRFS8fwQkO9pK\
                1jwMByk8OBzKvT+Bej0LbYe9OxmSvMH9bj2Kwta8wWIevck/QD1HKqS9/8cYPKeZCb3jqQW82LCXvDUDVr1VPOk7nDSwvPWkl7yp\
                g3k8P3iVvbEyZ726qxu9oE7ruqatrj2GMoA9s9sBvSYta71a5LC8PE5KPVvoszqT9fG9AW1APdHiUb2h5za9m+nYPfxRIwm3PQq7\
                wv5/PZ7hgL1RRRg9OSt9PTHSFT3s35Q9O+6Qu+ustD2vxZO8vcMgvJWlG71ZHSC8CO9LPB7dETx89da8nT6ivJtofL12F7A9EkVw\
                PV2Kjzw2igM9GgWePWqDZz2ehDc9sxvfPJKrO72cf7I9vyp5Pd2TrD3KUeu8A+gTvTQLuzsXlaO9574HvutKdzzygbi7LkMwPs2O\
                aDzCNiG9xwMLPVueyrr2zYG87OLnPIhAFb0Wyzk8+AIkvUhDYLsZL0S8SWiYPQ+OeT0p7xM9x0VUu8FFKDwz2708OcGfvEVsVjxh\
                iYi8UgaCPYD5uTwvWTO9XOpUPQMF4bz+3rS8MoO3vGZdmz1AEIO9V3vfvN1yEz03VJg8X9+rvSSAsDxuto49lnrJPcxMZb2gAC+8\
                NcyhvTDgiL3UZYY9kaTLPVm26Ty/ZCi8NT3hvCpWoTwgXDw9GZs3PVr0kzyrskM90HrnO0X6V706KD49pmLaPQkycLxpPy09vJAa\
                PQAAD7NqrTC9AVUiPFUVPT2wWaa8cF53vZJ3E7w8OuU984T+vEt8oDwH0gu+ACsvPbs5Xj14LAM9uc0fPQaimTvKgui8yNZavciO\
                9z1267m9HpozvYNXWL03kfy8LTwKPT9bBj1QmIg9fbsuvV+biT2fAbU9Udb1vM6FyDwMdhm8zSIqPfCX1bxRqlO9BowRvPzTAD4F\
                G1O9WPuruX/kH72gnG091KNfvflYOzzR95W9KyHcvDYkTb21QMG8v6hxO3llhzyiVDW9YoBWPQj9gT0MJFy9ieOoPHwO5byjHuk9\
                NS2kPBV3lr1Pkyo8HmJavFLISj2cr6C9260sPVkvlz1zNIQ8
                """),
        ReferenceVectors(
            text: """
                The ii–V–I in C major is Dm7 – G7 – Cmaj7; the tritone substitution swaps G7 for D♭7.
                """,
            vector: """
                XJHEvcMZNrsGz9A8I/hKva6khL1cb966KGAjvQ+mcD1QoOS9dDL9PNDUujw3jGO9iWHOvdjGozyI9m88WuWwPI8gk7x4UII9cBPG\
                O42mhj2IaTq9zvonPR2W6Dkmgqg8UeEdPMeIGT0e3Rs9GnkDPrtKmj3pTB6++/CfveC0sj2sTQU9XuRPPZ9T3rxIMou9igbfvFdg\
                I73zusA9eYxPPF6acDyiRj09sf3EPbWsLj1mm4q7s4QPPY4rsb1SWb47ALw8vb8Dcj2saKg9MOmcPBLSi72p0Ao+vywgvWS7ZryR\
                cNO8YJfRPFskLj2FZPK7nA4PPfwKKrwhmKm7LUQdvX3Tqb3CpdO85u7BPeAipb0inXu8qFsuvY6GvLwAf/a8QK8Kvu29f7306D09\
                yyj1u9Ww6Lxwbpm8YeaSPD7Z473UuDk9IobtvHsgvjtkHfk85ZBmPWcJRL10rEW9y1vlPIGyuzzfL+e83iaXPGv1Rb133mE82B49\
                vAxptbz65DQ93mCoPS0YRz1+QAQ9rkwzPeUX1z3EkGS86c4uvQFkwLtKQi49OVOaPCdn0zzFEb08JeIsvVqeV72Rgxg9hf4hPdRn\
                yj1q/3699Wv3vHRo4jyTeBs8cpXbPaoFnT0yrmM8I+e4uw99+rtnbgC9O4VXPZZXFL514lG9dIL7vfNmXwl/P4O7j2MWPXjxbj0b\
                NYA8FwtYvYuDcr2YWl+9NsTvvE+TKr2UWh+9k3LzvQR+fbxz7uE8eBUgPe27FrwqGJ+8RpjhPH22dL0K75W8G0bDvWzykz1m0gM+\
                zFILvW57+Lvzb6s9qlfgPeUssj02U/I8ixqqPXxbSjvvhgO8Qk3EvAohpTsrDH49opkaPSmLpDwMRky9zOYnvXK0UT3jSxc98pUT\
                vBFSDT2IQbi8adSOveMPkTzrKoK8zmWyOygOaz1sveQ8zo+cO7c7+TyxkQq9PkC1vaTBqTtdz9w7Zx8ZPXDTET1pUyo9OGjyPHjk\
                iT13zAg9S8tJPC+C+zwGE+k8IrGTvWWVHDy5AeS9O7DyvZzB8bzRcIK9kDOCvU7OMLxkpLo9OF+0Oyw5tjxfQsi8U8A4vfdMJb2+\
                ARS7jI4gvUV2yb1v4iI9XBGJvTP5Mrw4YwK9r7aRvXm58bxfIui9dOZoO7Pjc7sGygu93QiBPSMYKr26UkA6z4ciPEDZp4kEIqm8\
                BLOmPMm6Xrxeyok9+DecvQzukbuslUk9fg/IvbqSTzyW0uC8taaxPWjXwjxxTYA5bHyUO9Gr3jyCm7c8iT4KvEDAlDyjT7K8gkRE\
                vYDkLz1dhOC8R0D5vIfbmTxQzlG9QcFUOsJWezvSw/k7JVKsPU5S8T2vtT082vHhvGiVUr1IV5M8L9e0uoH8TzyiirM7inNuPHnh\
                vr0D0109gLe+va+tB73nVeI9jqQ5PLTRtLww27c8PLDvPaimHj2nAkw8dsVmvOcHCT31RLC90ItFPHnGoLx5Zx293KVQOjgjhjve\
                ho06xBoqPF8dRDprpa49GR6su1uerDwQgc+9Fn99vAjhwTwJ2Ay9AUc0vf4nAD0WKLm95c84Pdmj+bw1nia7/9OBvdP+V73KGhG+\
                ItPqPCro+jz/4W+7ftMjvcfYBTyqH9+8Aol7umfg1DwKbAy9GIUaPZCmm7xj6e88n70RPYzMSju8Rj29NB2iPUq807x1ehs70Txb\
                vFXp7rKIRrc9yANdvTwVBb11I5q8C8ZFPK0d0rzW3Wy9nDvruxiJdDwPDUY9XPINPdnwSz2idvw8MAIZvfYgTz3GD409y8TLvGj6\
                Rz0+GJG8XOzNPDALtjy6LjW9E8s4PV8Rub2kFTu9gfSCO+YcHr0XDI48PyDOvCA/bLwbiNY9P0+HPbDIOTyDLXa9GkCWvCRArbxP\
                B4892/WOvItDdT2d2w68m4FVPUCkIr2y5GC9GEK5PZTU5DvH3Dy9CJ41PQ34Dj03BXK8y6pXPXNECTzDLaE9+yk1PBOIATvA+x86\
                1iuCPcgRtLyK+qI9ILVsO81FK73m5RM9U8OpvDk8Rb3rGc+8
                """),
        ReferenceVectors(
            text: """
                naïve café façade Ångström
                """,
            vector: """
                5fi8PaDiIT0qNSo8bzaOtdr+szyJvwM8h5tavN+agr2VCJu9vr8MPYfZxTsiN5K9OdXlvAVnQL1E/bc91vltvQ/gqT3liGM7XM2v\
                PVPMUD0ZvHG9BUIAvbGG4rzDV3i9EclGPcX29DwFJcE9MYSUPM+JnT0kmKe9/iqAPdBCdj0Jx9Y9yPC5vJvmvD1DAT09UIGKPTaZ\
                vLuN1ti70YtvPXj3e73xnp+9gpB1vdOka7ttl948se2XvPIhaLwNXZ+8tUWmPMM907z8s2e9tBGUvc+1m71SGmK9UGbfO5d/dbzB\
                2jy9fwu5PEsEuD1aFpG8DlCuPcjQz73KTJq9E+SCPMVoRjxpvGc89SS1vV34GD0ZdtE8EqSRvaZU5T24dhK9pkSsvM7BZr1pdyu8\
                HrcdPSEsaj1ijXS9T2X5O1p5gTzmy8689xFZPRjonb2QUy89BsZPuyjv7by/oXm8e8pEvS5BGjzKiA+9njA3PZO6Djym68C9GMby\
                vNIWcr3Vq1u9EQlNO9CbIL2I1EY94D72Pez4p71Jk1W8SQTdPHWbPD0jJYW7wYpwvZBw87uXV0Y9pEcqPYJSZzx7Jwi9/XQ0vaQu\
                ub1NiXe7OQvFvFmfmL3WwPM80Zybve+JVj30rEQ7KE4HPfNA9zyn3BO9D3AhPROwA71BRC48sZoaPYjn6gjYxiY6bgn3PZVxHr0G\
                rGc8l97GPVvm4LyJpwg9aD5Bvcs1Frp39qQ9RlwRPWAHcLvKNQe9UEj/PcIFPruiQj27wmTwPEGCND1qn1y9asqHPHF8Cj3a6Gs9\
                QzZWO2sTwrtLrTa62e6pPGqswD2OPEy8RNEsvWAZfz3ePIA951Tbu+vsKD3+8GQ9QMfIvdaNkrzaIZ+8GabSu4UXXLzG8Ti7Phww\
                vSdm1jxbKtU8ov9APdG5qLxkUUw9ujiJPZ7YZrz2s8i728T0vK6y2TsS6rg8z9mrvTp3HD6oFZ48Lfn3vJYLSbu7a3A9Nj1uPVpA\
                TrqgRKE8RUmBPcQO3rwKOso81a8VvVphCL3Exe882gZDvZgokz2e6Tw8WVQaPNo2XzzVQQu8m5CpvI3dE72i/Au9T8gsvD9mED31\
                t5a860hNPbhpj72/YaM9QFmJPMHvBb39Kza9I6alueaN0j20CB69z7G3vaTn8Tzf1Fe91AC6PWIr57vrL567AbGMvW23d4gflMU9\
                iHLavDugKr28Cvc73NR8vSuteD0bRLs8XemNPGRR3r12cao8FP0cvWMNUj0OGoA9Xfg3OyedPrv7qew8NzHMPVQtPb14pb69d6Up\
                PPing70PPAE9gK4/vWR/w7whYze92loTPZvm0TwkS6Y7vIO7vbmIv7wDWQu+5MZHvayF0zvcC6E96rZiPVuo8T3GZPi8igbqO6hQ\
                qr1zB7U98WODvLgdrrwKY6G9iTu8PXD4Yju4mcK9OhIPPaD1lLxSMMK8NMdjvVv0lz0X9d06nYFDvWZKXT1/VSo7B642PE9CgTzL\
                bdU8NlUgO/y1jj2bh+o9g8jovAgLgrzFj9o8tiHGPQsbNLurGAe9hJq/vYSCwbz2igM9SFIrPRmCvD0Gj5O8jkyGPBw/pbxuIJM7\
                1YNWPYEEpz0alb28HEIKPbeUJrywv4W7DKzbOhvKrj0I9aI9fBAXvDcZpj3oaDQ7Xp4NPWGOXz292lC92VGdPE1/Br2g0Ko9pqOT\
                PSg3grLTKOu87ROWu2I06rzmy4w6ktt9vVBg0L1CRx09dUMYvdJMgLyyS488GqkovWvH6TyJqpe9PGncPV3MWTypvqK8qabOvA4B\
                OTvbvYq9BWAePaA9Xby9s7g8EGPYu8JGdr1rzUa9sATCvEXmp7zT8QI84hSKPVP+Or0X8Ca9J/m6vLc6T7yp6Tk98a1iPag/jj1r\
                bh290QkfPMu4SL28XRc9RKWsvZAgF76fZ1K8vfFtvdy2Ub2adUk9SuRGPD7ElbshRPy8DAtrPV4xL73ZxMg8jBl8vG8EeLyHKJu8\
                hor5vPZnGr2/rsK8r9S0PCIT3Tw/NNQ7gmFePHC2zr3LGGC9
                """),
        ReferenceVectors(
            text: """
                音楽のミックスと低音
                """,
            vector: """
                LCCcO1aE2T0F50Y9wksvPUC3lDzlyqM9OB2RPZbMvzz7EG29KUQevRYEoD0/6ZS9toQGPfQ5TLtyf5O9XeKLvX6C4Dw9ZrQ7ip+E\
                PG8qsjw+aFG9vKEgvbOnNj0I7ww9+uAfvQLsMD2+Yoi9vu9LvPo2yjxrc2G9uAkvvO9uBD00TSs9vfPlvbTM3z3/vZm82nNAvVam\
                Ibtvjcm8EnbvO1fy7Lw2lQO9JUe+PGGkdL0YiYU82qzTu7VXAb0gYZU8QSMuO4bWMzyRXbu9yaqVPLdjIb1SXOm7MtSEPESTrr2L\
                r549gvnIPGEuEL2oJuK8oG5dvaP7Sjwf1yI965JdvImzJzyji8I80dYIPTCSYTs3mQm8vjWMPbYBHDs5h7G9FwVAPRVKEr1FfWY8\
                usCVvI04Yj2A5S68dRxevPHdhj2YNxS9Dv0ovbnSKryy7Aq8jF+UvaK7mDwDCii9VJCpPJzMAT2VI2I7I0SRvR3hPjxrr1u9uQgU\
                vRTk5b3uugA9/ax1vYMwb73dMf27D+sPvTuPOT29Qtu8gs7KPTWBHD31jES8LgWJPbwTHz0lZAC9avoUPXuTUj1aOSe9Ns2YvDyR\
                nr2+Pb+96ruQPZtSoTuMADk9OM+XvK/Xlb0ekqQ8rCqvPXDuh70vH1W8tP5PvX+AgL3RsQ+95fIbPR22dQW/QM+9APfjvJhUO70R\
                5du9ftZOvXHMzTtTeKc8SPjrPGW10LzCWo89i+QAvWQqnT2u6v67i6TdOojd2b2ixqC9+zzdPIYEkjx6F449xvtAvRPJDbx6kyy9\
                G3qwvL9XKDzlX009IeXdvZoSzrxIQ4Q7qnOUveBt2jxl/Sy83QnrOzwl0L3KDTg8LD4bvUEYIzzgKKk9H78ZPTRsHT2z6tk85Qsa\
                PSOFHL2UTIe9r+qhvWaWPD2Oisy8t3SNvK9BHT13xhq8WPESPToWBj14MSu9tZThve04Aj4diNQ9UWr8u117dLx2HKO8p/67vLiZ\
                kzxDE4I840+hvfgsxr2LL0M88jIivUkN272l8nU9q5haPJecXL0rEM68SRGBvWChJr3NL8A8UyukPQvPV73BZXC9oeiiva/hoT3p\
                ULk8/EjhPPPBIzzSfJu8qY6/O3tn770hd/w8n4bPPdlknbyon4O9w2rMO1fTk70AEqa8IyQkvWA0rj1GbDw9HY45O4Swjol0Xa+8\
                +RaOO5cSrDy2lL29RYeePMrTY715unc9K/FqPQ/vqrw7/3I9OktXPCeRjrwaDDa8KbycPNJeVbzZpr48/s8VPQQAKT2PO8S7qG6s\
                ukXaALmX4fa92Ao1vcGLTD0y92y9VtJ9PQ9pjz1aTCq9PfU7PXnZRj3UoMW9RkGPPOloyDvJUH89/p1YPY+Sar3v9HK9aU1Bu2kB\
                WL1e71I92C/tvA5Chz0hfMc88c7+PElzAD0VT9E9tymNveN3WLyc+Sw95luBvGc+jD0BNSG8BoqTPbyklLzAyCS9yK+PPXOHQT2p\
                gsQ8JYZ/O1a6qD0y3Uk8dUWBPdDvxLz8p0w9oLWvPW4mHb2U+PM6LxQ2veSXs7xUUr28XL9UPbyjCD2HLpi8bz9XPWZFAL7FiY48\
                Lbp3vcVEmj25mCY9focuPe1TkD3VNaY9lLZ/O8AJubyjEEG94O3EvTIx4Lwle8A85mOiPFEO1rxYxBG8x+WMPSJl6DwW9fM7f/6m\
                PUHPi7JZhuq8YlmQvajBtbxvO1a99ZKbPKAYBj0kNPe9inzYvKspOz0SbB+96C+3Pe5DdD3ZDKG9xbX9PWkfEbz9qoE92qhtvNGX\
                qLtwHps9YMJWvbEB+z0jV9W8AiCCOgwsEL0qYUK98UYgPdKGjL1q7+g9GHKZvdh3grqMZ0O8sD6dO5RbCj27GYy7V4Q/vW/+Gr2U\
                tPk8enxRPRUSnL21asm8AYqbvHoMljvSJl49WmwTvWVY3jzhvUG93cYxva+cRD1FWFa8hzDGOzRUNL35pTc9/brnO5gHHb0xogC9\
                TvKePc36pjwmFFw9glr7PMpyUTsXWuc8OADePSS0hT1vcsA8
                """),
        ReferenceVectors(
            text: """
                Leave headroom before the first plug-in. Trim each track so that it averages around -18 dBFS and \
                peaks near -10 dBFS. Models of analog gear expect that level, and the mix bus keeps room without \
                moving every fader later. Leave headroom before the first plug-in. Trim each track so that it \
                averages around -18 dBFS and peaks near -10 dBFS. Models of analog gear expect that level, and the \
                mix bus keeps room without moving every fader later. Leave headroom before the first plug-in. Trim \
                each track so that it averages around -18 dBFS and peaks near -10 dBFS. Models of analog gear expect\
                 that level, and the mix bus keeps room without moving every fader later. Leave headroom before the \
                first plug-in. Trim each track so that it averages around -18 dBFS and peaks near -10 dBFS. Models \
                of analog gear expect that level, and the mix bus keeps room without moving every fader later. 
                """,
            vector: """
                jEB1PHq1CL2T3fU8mML3vFtm77xrC069uTVyvIloIj0aRHu9qz4WvZq4Sz1IXAe8y0hVPY/op71CA3q8BC6EPVjdGT35Lvw8HtNr\
                vQKMwjkP4Eg9LJqUvD03FzzCdgG6HuBHvL6DKj1qINk7Sz2Ru0pJoDw85uO9638cPQHVh7urkYM9iWOLvApPX72eYUW9q3q4PNZk\
                Kbz4PBg9gFqkPMQu/TyXNpA9xVCXPFewF73lCim8F9nbvG+eJL0sBni9aseFPceNbr3eMgA9kMIovcmc8LzqCgY+NGIGvWiTqT3b\
                UiA8E1SIPUalR7xRR7Q8H5juvD+lXz0iUR+89CUovYesoLsvnTk8DcYHPeK6qT2BMp486XSFPZ54Vr3UGAs9v8yhvVjKyLz28BW7\
                11fyPPI+rrw4RPu8NgwovNXu77yVtJy9KPT5vJ4NRL1c+4y8TKOoPKjyUrw1lni8tEkovRGQbL1TS+S8w5+fOifXeD23o5w8mQvN\
                vGE1fD2Uyo49VOO+vZcsmLzFJqA9f91DPXA2Bb1uTi28SWmLPODujj3kwRO9lOjqvMba7LxXUSQ9XjSKvRs10zz2XJo9rs+XPAbZ\
                hjxdoO68jmk7Pfv3xD0w85E8+11KO8on/rx2RJ885jZ1PLZBiLzhtdk7SisGPYgZqz2sTDA9ov6RPTkFxwlBxHq9YvInvf636byA\
                hZY9/lY5PSN7Zz2q7Ty93X52PIgFbjwFdZM90lUCOxuHwzzF/ty9B6ZDPV3SBD2hXv69buAdPS+gOD1QTae9QkIGvdWaSTxepoy9\
                +7iBvRswe7xZHWE9nnMxPEN1mDx6XTM90eecOs1wzTwhM7m99Jqmu+3lTb1JjGk8tam1vFVYWj2MEL688nsFPeJZ9rv84m28CP2A\
                PMpQEz11RWS9t1R6vdr4xbzqeRg9kKCrPUcthj10vAw8JITJPVqJWT26GJa8qkQlPRdsoTyQ5JG8IIu1OipMNT27Mt+9V+uPPeJJ\
                rD2kuxA97pR5PCC7ETyY5wk9Owi8PS7svz2ViOY8qnmoPC7BRD1xxKG9+mV1vPEZX72d3wG97kLtu7uM0DxKM+S8Y4yRvcPMgryW\
                YTq976KJvZE8lby+kw09MS+DvT25Zr3m0lY9ywRwPK2j+TzQEP48MtGQvaZ8pbsUUII8uCEiPA4f8jzwT0I9tGk7vP5DcomjDbE9\
                BCM3PaytnT26Tpc9vu4nu0BpPj2nAZ49nIG2PG2Uhj2qkFM9O5gHPTdhsry5/DS8VCw3vWhG/rwbErW8aMQSPcyk57wa/ZE9eOoi\
                vEioID0Cs1u94KmjPC9OLrkJcgS9KyihPCBMy71sI5Y9iUyLu327OTz44Ey98dLXvLnoHDyA+9m9Oo1QvWBSzbzaII2763rlPQPp\
                zDxzUxi9VP0qvYXcZr1fwZq9ufXLuw3OqDvkH4G9Hf4kvVj3jb1+RjW9KypSu1QBSTxQTmg93AKMvLyjLL0oKwG8FbQjPRgMOzwv\
                ADw9r96Vu0/pgbtiHVY9jdBNvD6JqL0j2oy9nBM9vRHYt7yhNUM8WBS6vMmDFL0HpmE8D3nMvG13tj39qQM+4EH7vGIV6LsYd5y9\
                sb6Zu7bAm71bTRk+/aEsPIgCIb5l0++8YkKGvP/qIL2TxAG+FW3EPAlYmL0VgqG7+mqUPLH5Pj3p3km9BmcAvNgfxjy4NIo98b2V\
                vc6eMbPld6I8ibg0Pai/yDzuFwM8yn/rOt+3t7z7bPQ8bBikPWR0Fz3Cnya9O1gzPpnUjz3mZwK9NRHmPQgCHL2FSY69/TcuvaZv\
                uLzHtZG97JqKvWTRfDzKW2g9EsvwPMKQOb1UWv89JFFpvYJznT0hGfw9L0oXOSltZ73CmbQ8AD+gPI3Xqr3y6N08tX42vCIzEbzj\
                GTa83FACPv/u9zzYkYE9/iikvUvqz73Afqu84CENvLD36zzEPEq9LgEmuxzSfbz9VFC9fRWDPDgRiz3/PAs90C7tvEuA5zxxyNE7\
                f7t2vUB2Kr2u0Es9xwbxvczIBT1nMwO+7+KEvSriMb1JxJo4
                """),
    ]
}
