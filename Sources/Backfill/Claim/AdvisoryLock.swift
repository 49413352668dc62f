/// The first halves of our advisory locks' keys, four letters each, so that they are nobody else's; the second half is the
/// watch's number, unless it says otherwise.
enum AdvisoryLock {
    /// `bflc`: the rows of one bucket are a daemon's; the second half is `watch &* 1024 + bucket`.
    static let claim: Int32 = 1_650_879_587
    /// `bfld`: one reembed a table at a time.
    static let reembed: Int32 = 1_650_879_588
    /// `bfli`: one daemon at a time builds the index on a table's vectors.
    static let index: Int32 = 1_650_879_593
    /// `bflk`, K of the handshake: somebody is polling, so that writers need not notify.
    static let polling: Int32 = 1_650_879_595
    /// `bflp`: each daemon's session has one of these, so that they can be counted; the second half is its seat, from 1 on.
    static let presence: Int32 = 1_650_879_600
    /// `bfls`: one set-up a database at a time; the second half is 0.
    static let setup: Int32 = 1_650_879_603
    /// `bflx`, X of the handshake: a writer that did not notify has not ended yet.
    static let skipped: Int32 = 1_650_879_608
}
