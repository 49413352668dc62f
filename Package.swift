// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]
// A dependency that imports full Foundation must not lend us its members: they would link ICU, 44 MB of it.
let lean = strict + [.enableUpcomingFeature("MemberImportVisibility")]

// Arithmetic on millions of numbers: a debug build of it would take minutes over what the tests ask of it.
let optimizedInDebug = SwiftSetting.unsafeFlags(["-O"], .when(configuration: .debug))
let optimizedCInDebug = CSetting.unsafeFlags(["-O2"], .when(configuration: .debug))

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "backfilld",
    products: [
        .executable(name: "backfilld", targets: ["backfilld"])
    ],
    // Why each of these: docs/dependencies.md.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.26.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.36.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // C libraries of the distribution: module maps and shims, nothing else.
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        // What Swift cannot say: one text compiled for several instruction sets.
        .target(name: "CEncoderKernels", cSettings: [optimizedCInDebug]),

        .target(name: "PostgresClient", dependencies: ["CLibpq"], swiftSettings: lean),
        .target(name: "Systemd", dependencies: ["CSystemd", logging], swiftSettings: lean),
        .target(
            name: "SentenceEncoder", dependencies: ["COneDNN", "CEncoderKernels", "CCrypto"],
            swiftSettings: lean + [optimizedInDebug]),
        .target(
            name: "Embedders",
            dependencies: [
                "SentenceEncoder",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: lean + [optimizedInDebug]),
        .target(name: "Projections", swiftSettings: lean + [optimizedInDebug]),
        .target(
            name: "Backfill",
            dependencies: ["PostgresClient", "Embedders", "Projections"],
            resources: [.embedInCode("SQL")],
            swiftSettings: lean),
        .target(
            name: "Console",
            dependencies: [
                "Backfill", "PostgresClient", "Embedders", "SentenceEncoder", "Projections", logging,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: lean),
        .executableTarget(
            name: "backfilld",
            dependencies: [
                "Backfill", "Console", "PostgresClient", "Embedders", "SentenceEncoder", "Systemd", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "TOMLKit", package: "TOMLKit"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: lean),

        // What Benchmarks/ runs, and nobody installs.
        .executableTarget(
            name: "encoder-benchmark", dependencies: ["SentenceEncoder"], path: "Benchmarks/EncoderBenchmark",
            swiftSettings: lean),
        .executableTarget(
            name: "share-benchmark", dependencies: ["Backfill", "Embedders", "PostgresClient"],
            path: "Benchmarks/ShareBenchmark", swiftSettings: lean),
        .executableTarget(
            name: "provider-benchmark", dependencies: ["Embedders"], path: "Benchmarks/ProviderBenchmark",
            swiftSettings: lean),

        // Tests. TestSupport holds what they share: throw-away clusters, processes, deadlines.
        .target(
            name: "TestSupport", path: "Tests/TestSupport",
            swiftSettings: strict),
        // A daemon in a process of its own, for tests that kill it.
        .target(name: "LabClock", path: "Tests/LabClock"),
        .executableTarget(
            name: "lab-daemon",
            dependencies: ["Backfill", "PostgresClient", "Embedders", "SentenceEncoder", "TestSupport", "LabClock"],
            path: "Tests/LabDaemon", swiftSettings: strict),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "PostgresClientTests", dependencies: ["PostgresClient", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd"], swiftSettings: strict),
        .testTarget(
            name: "SentenceEncoderTests", dependencies: ["SentenceEncoder", "CEncoderKernels", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EmbeddersTests",
            dependencies: [
                "Embedders", "SentenceEncoder", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "BackfillTests", dependencies: ["Backfill", "Projections", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ConsoleTests",
            dependencies: [
                "Console", "Backfill", "Embedders", "SentenceEncoder", "Projections", "PostgresClient", "TestSupport",
                logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(name: "backfilldTests", dependencies: ["backfilld", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "backfilld", "lab-daemon", "Backfill", "PostgresClient", "Embedders", "Projections", "TestSupport",
            ],
            swiftSettings: strict),
    ]
)
