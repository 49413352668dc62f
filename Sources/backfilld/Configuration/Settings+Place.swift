extension Settings.Database {
    /// Whether only passwords differ: sessions may go on with these settings then, and those that are open stay.
    ///
    /// Another address may be another database, where the tables have other numbers.
    func isSamePlace(as other: Self) -> Bool { place == other.place }

    /// What libpq is told, but for passwords; one that does not parse is its own place.
    private var place: [String: String] {
        var place: [String: String] = [:]
        for parameter in parameters where parameter.keyword != "password" {
            let value = parameter.value.reveal
            guard parameter.keyword == "dbname", url != nil, let address = try? ConnectionText(value) else {
                place[parameter.keyword] = value
                continue
            }
            place["form"] = "\(address.form)"
            for (keyword, value) in address.parameters where keyword != "password" { place["url " + keyword] = value }
        }
        return place
    }
}
