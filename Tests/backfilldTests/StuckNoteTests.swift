import Foundation
import TestSupport
import Testing

@testable import backfilld

@Suite struct StuckNoteTests {
    @Test("What is kept is told once; what was taken back is not; without a state folder there is nothing")
    func note() throws {
        let folder = try temporaryFolder()
        let note = StuckNote(folder: folder)
        #expect(note.take() == nil)
        note.keep("a much longer line than the next")
        note.keep("listener")
        #expect(StuckNote(folder: folder).take() == "listener")
        #expect(note.take() == nil)
        note.keep("pipeline")
        note.keep(nil)
        #expect(note.take() == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        let none = StuckNote(folder: nil)
        none.keep("nowhere")
        #expect(none.take() == nil)
    }
}
