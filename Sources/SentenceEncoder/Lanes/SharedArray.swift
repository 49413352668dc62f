import Synchronization

/// An array whose elements are set from several lanes.
final class SharedArray<Element: Sendable>: Sendable {
    private let storage: Mutex<[Element]>
    let count: Int

    init(repeating element: Element, count: Int) {
        storage = Mutex(Array(repeating: element, count: count))
        self.count = count
    }

    func set(_ index: Int, _ element: Element) {
        storage.withLock { $0[index] = element }
    }

    var elements: [Element] { storage.withLock { $0 } }
}
