/// Something that one directive of the unit's sandbox forbids: with the directive it fails, without it, all others as
/// they are, it works.
struct SandboxProbe: Sendable {
    let directive: String
    /// For a shell; root runs it, without any privilege, so that it is the directive that forbids it and not a file's mode.
    let act: String
    /// What has to be so in both runs, since another directive would forbid it, too.
    var given: [String] = []
    /// What lifts the directive.
    let lifted: String

    static func python(_ code: String) -> String { "python3 -c '\(code)'" }

    static let files = [
        SandboxProbe(directive: "ProtectHome", act: "ls /root/.", lifted: "ProtectHome=no"),
        SandboxProbe(directive: "ProtectSystem", act: "touch /usr/bin/evil", lifted: "ProtectSystem=no"),
        SandboxProbe(directive: "ProtectSystem", act: "touch /etc/evil", lifted: "ProtectSystem=yes"),
        SandboxProbe(directive: "ProtectSystem", act: "touch /srv/evil", lifted: "ProtectSystem=full"),
        SandboxProbe(directive: "PrivateTmp", act: "cat /tmp/marker", lifted: "PrivateTmp=no"),
        SandboxProbe(directive: "PrivateDevices", act: "test -e /dev/marker", lifted: "PrivateDevices=no"),
        SandboxProbe(
            directive: "ProtectProc", act: "test -d /proc/1", given: ["DynamicUser=yes", "User="],
            lifted: "ProtectProc=default"),
        SandboxProbe(directive: "ProcSubset", act: "cat /proc/uptime", lifted: "ProcSubset=all"),
        SandboxProbe(
            directive: "ProtectControlGroups", act: "mkdir /sys/fs/cgroup/evil", lifted: "ProtectControlGroups=no"),
        SandboxProbe(
            directive: "ProtectKernelTunables",
            act: "n=/proc/sys/vm/swappiness; cat $n >/tmp/now && cat /tmp/now >$n", given: ["ProcSubset=all"],
            lifted: "ProtectKernelTunables=no"),
        SandboxProbe(
            directive: "ProtectKernelModules", act: "ls /usr/lib/modules/.", lifted: "ProtectKernelModules=no"),
        SandboxProbe(
            directive: "ProtectKernelLogs", act: "cat /dev/kmsg", given: ["PrivateDevices=no"],
            lifted: "ProtectKernelLogs=no"),
        SandboxProbe(directive: "UMask", act: "touch /tmp/f && test $(stat -c %a /tmp/f) = 644", lifted: "UMask=0022"),
        SandboxProbe(
            directive: "StateDirectoryMode", act: "test $(stat -c %a $STATE_DIRECTORY) = 755",
            lifted: "StateDirectoryMode=0755"),
    ]

    static let rights = [
        SandboxProbe(
            directive: "DynamicUser", act: "cat /etc/shadow", given: ["DynamicUser=yes", "User="],
            lifted: "DynamicUser=no\nUser=root"),
        SandboxProbe(
            directive: "CapabilityBoundingSet", act: "cat /etc/unreadable",
            lifted: "CapabilityBoundingSet=CAP_DAC_OVERRIDE"),
        SandboxProbe(
            directive: "PrivateUsers", act: python("import os; os.setuid(1)"),
            given: ["SystemCallFilter=", "CapabilityBoundingSet=CAP_SETUID"], lifted: "PrivateUsers=no"),
        SandboxProbe(
            directive: "NoNewPrivileges", act: "test $(id-of-daemon -u) = $(id -u daemon)", given: ["PrivateUsers=no"],
            lifted: "NoNewPrivileges=no"),
        SandboxProbe(
            directive: "RestrictSUIDSGID", act: "cp /bin/true /tmp/x && chmod u+s /tmp/x",
            lifted: "RestrictSUIDSGID=no"),
        SandboxProbe(directive: "LimitCORE", act: "test $(ulimit -Hc) != 0", lifted: "LimitCORE=infinity"),
    ]

    static let calls = [
        SandboxProbe(directive: "RestrictNamespaces", act: "unshare -U true", lifted: "RestrictNamespaces=no"),
        SandboxProbe(
            directive: "SystemCallFilter",
            act: python("import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)"),
            lifted: "SystemCallFilter="),
        SandboxProbe(
            directive: "SystemCallFilter",
            act: python("import os; os.sched_setaffinity(0, os.sched_getaffinity(0))"), lifted: "SystemCallFilter="),
        SandboxProbe(
            directive: "SystemCallFilter", act: python("import os; os.chroot(\"/\")"),
            given: ["CapabilityBoundingSet=CAP_SYS_CHROOT"], lifted: "SystemCallFilter="),
        SandboxProbe(
            directive: "LockPersonality",
            act: python("import ctypes, sys; sys.exit(ctypes.CDLL(None).personality(0x40000) == -1)"),
            lifted: "LockPersonality=no"),
        SandboxProbe(
            directive: "RestrictRealtime",
            act: python("import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"),
            given: ["SystemCallFilter=", "PrivateUsers=no", "CapabilityBoundingSet=CAP_SYS_NICE"],
            lifted: "RestrictRealtime=no"),
        SandboxProbe(
            // Asks for the clock's state and sets nothing, through the call that could.
            directive: "ProtectClock",
            act: python("import ctypes, sys; sys.exit(ctypes.CDLL(None).adjtimex(bytes(512)) < 0)"),
            given: ["SystemCallFilter="], lifted: "ProtectClock=no"),
        SandboxProbe(
            directive: "ProtectHostname", act: "hostname evil",
            given: ["SystemCallFilter=", "CapabilityBoundingSet=CAP_SYS_ADMIN", "PrivateUsers=no"],
            lifted: "ProtectHostname=no"),
        SandboxProbe(
            directive: "RestrictAddressFamilies", act: python("import socket; socket.socket(16, 3, 0)"),
            lifted: "RestrictAddressFamilies="),
        SandboxProbe(
            directive: "RestrictAddressFamilies", act: python("import socket; socket.socket(17, 3, 0)"),
            given: ["CapabilityBoundingSet=CAP_NET_RAW", "PrivateUsers=no"], lifted: "RestrictAddressFamilies="),
    ]

    /// What the drop-ins add.
    static func dropIns(port: Int, remoteEmbedder: String, localSocket: String) -> [SandboxProbe] {
        [
            SandboxProbe(
                directive: "MemoryDenyWriteExecute", act: python("import mmap; mmap.mmap(-1, 4096, prot=7)"),
                given: [remoteEmbedder], lifted: "MemoryDenyWriteExecute=no"),
            SandboxProbe(
                directive: "IPAddressDeny",
                act: python("import socket; socket.socket(2, 2, 0).sendto(b\"x\", (\"127.0.0.1\", 9))"),
                given: [remoteEmbedder, "IPAddressAllow="], lifted: "IPAddressDeny="),
            SandboxProbe(
                directive: "PrivateNetwork",
                act: python("import socket; socket.create_connection((\"127.0.0.1\", \(port)))"),
                given: [localSocket, "RestrictAddressFamilies=AF_INET"], lifted: "PrivateNetwork=no"),
        ]
    }

    /// Directives that no act proves: a sandbox without them could not be told apart here.
    static let unproven: Set = [
        // Empty as without it; a program of another architecture is not at hand; only the number of an error.
        "AmbientCapabilities", "SystemCallArchitectures", "SystemCallErrorNumber",
        // Others imply it.
        "PrivateMounts", "DevicePolicy",
        // What a process leaves behind; a keyring of the kernel's.
        "RemoveIPC", "KeyringMode",
    ]
}
