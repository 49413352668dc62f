/// backfilld.toml(5), made from the definitions: every setting with its type, range, default and other names.
enum ManualPage {
    /// The page, in mdoc.
    static var text: String {
        var lines = head
        for section in SettingDefinition.sections {
            lines.append(".Ss \(section.name.isEmpty ? "Top of the file" : "[\(section.name)]")")
            lines.append(".Bl -tag -width 4n")
            lines += section.settings.flatMap(entry)
            lines.append(".El")
        }
        return (lines + tail).joined(separator: "\n") + "\n"
    }

    private static func entry(_ definition: SettingDefinition) -> [String] {
        var facts = [definition.kind.inWords]
        facts.append(definition.defaultNote ?? "Defaults to \(definition.defaultText ?? "nothing").")
        if definition.changesLive { facts.append("Live: a reload changes it.") }
        var others = [
            "Environment: " + ([definition.variable] + definition.otherVariables).joined(separator: ", ") + "."
        ]
        if let credential = definition.credential { others.append("Credential: \(credential).") }
        if let flag = definition.flag { others.append("Option: \(flag).") }
        return [".It Sy \(escaped(definition.key))"] + wrapped(definition.documentation) + [".Pp"]
            + wrapped(facts.joined(separator: " ")) + [".br"] + wrapped(others.joined(separator: " "))
    }

    /// A paragraph as lines of the source, none of which can be taken for a request.
    private static func wrapped(_ paragraph: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in paragraph.split(separator: " ") {
            let startsSentence = line.last == "." || line.last == ":"
            if !line.isEmpty, startsSentence || line.count + word.count > 78 {
                lines.append(line)
                line = ""
            }
            if line.isEmpty, word.first == "." || word.first == "'" { line = #"\&"# }
            line += (line.isEmpty || line == #"\&"# ? "" : " ") + escaped(String(word))
        }
        return lines + [line]
    }

    /// A text without anything that roff would take for its own, in ASCII.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": #"\e"#
            // Typed, not typeset: what a reader copies has to work.
            case "-": #"\-"#
            case "'": #"\(aq"#
            case "`": #"\(ga"#
            case "^": #"\(ha"#
            case "~": #"\(ti"#
            case _ where scalar.isASCII: String(scalar)
            default: #"\[u\#(hexadecimal(scalar.value))]"#
            }
        }.joined()
    }

    private static func hexadecimal(_ number: UInt32) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static let head = #"""
        .\" Made by "backfilld config --manual" from the definitions of the settings: change those.
        .Dd November 22, 2026
        .Dt BACKFILLD.TOML 5
        .Os
        .Sh NAME
        .Nm backfilld.toml
        .Nd configuration of backfilld
        .Sh DESCRIPTION
        The file
        .Pa /etc/backfilld/backfilld.toml
        tells
        .Xr backfilld 8
        which database and tables it works for, and how.
        It is written in TOML, and every setting in it is optional.
        The file that is installed has all of them, commented out, with their defaults.
        .Pp
        The same settings are taken from other places too.
        From the strongest to the weakest these are
        the command line
        .Pq the option of a setting, or Fl \-set Ar key Ns = Ns Ar value ,
        environment variables,
        the files of
        .Ev CREDENTIALS_DIRECTORY
        .Po the unit's
        .Sy LoadCredential=
        .Pc ,
        .Pa .env.local
        and
        .Pa .env
        in the working directory, this file, and the defaults.
        .Ic backfilld config
        shows what counts and where it came from;
        .Ic backfilld config \-\-check
        says whether it is right, and everything that is wrong at once.
        An unknown setting is an error.
        .Pp
        A duration is a text of a number and one of the units ms, s, min and h:
        .Qq 250ms .
        A size is one with the units B, KB, MB, GB, KiB, MiB and GiB:
        .Qq 64KiB .
        .Pp
        Settings called live change with
        .Ic systemctl reload backfilld ,
        the others with a restart.
        .Sh SETTINGS
        The names are written with their section: batch.rows is the setting rows in the section [batch].
        """#.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)

    private static let tail = #"""
        .Sh SEVERAL TABLES
        Instead of one section [table] there may be several of [[tables]], each with a name and the same settings.
        .Sh FILES
        .Bl -tag -width 4n
        .It Pa /etc/backfilld/backfilld.toml
        the file that is read unless
        .Fl \-config
        names another
        .It Pa /etc/backfilld/environment
        variables for the service, read by systemd; the one that runs keeps those of its start, so that they change with
        a restart and not with
        .Ic systemctl reload
        .It Pa /etc/credstore/backfilld.*
        secrets, a file each, for the unit's
        .Sy LoadCredential=
        .El
        .Sh EXAMPLES
        Two tables, and a database that other programs need too:
        .Bd -literal -offset indent
        [[tables]]
        name = "music_knowledge"

        [[tables]]
        name = "public.songs"
        key = "song_id"
        columns = ["title", "lyrics"]

        [limits]
        rowsPerSecond = 100
        .Ed
        .Sh SEE ALSO
        .Xr systemd.exec 5 ,
        .Xr backfilld 8
        """#.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

extension SettingKind {
    /// What may be written, as a sentence.
    var inWords: String {
        switch self {
        case .text: "A text."
        case .anyText: "A text, which may be empty."
        case .choice(let choices): "One of \(choices.joined(separator: ", "))."
        case .number(let range): "A whole number from \(range.lowerBound) to \(range.upperBound)."
        case .list: "A list of texts."
        case .duration(let range):
            "A duration from \(DurationText(range.lowerBound)) to \(DurationText(range.upperBound))."
        case .size(let range): "A size from \(SizeText(range.lowerBound)) to \(SizeText(range.upperBound))."
        case .amount(let range): "A number from \(Int(range.lowerBound)) to \(Int(range.upperBound))."
        }
    }
}
