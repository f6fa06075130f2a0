// swift-tools-version:6.0
import PackageDescription

// The C module under the generated code. On Apple's systems it comes with the library inside an XCFramework (xcframework.sh);
// elsewhere generate.sh puts the header in place, and the linker finds the library where it is told to look.
#if os(macOS)
let core: Target = .binaryTarget(name: "ConclaveFFI", path: "ConclaveFFI.xcframework")
let link: [LinkerSetting] = []
#else
let core: Target = .systemLibrary(name: "ConclaveFFI")
let link: [LinkerSetting] = [.linkedLibrary("conclave")]
#endif

let package = Package(
    name: "Conclave",
    platforms: [.macOS(.v10_15), .iOS(.v13)],
    products: [
        .library(name: "Conclave", targets: ["Conclave"]),
        .library(name: "ConclaveSQLite", targets: ["ConclaveSQLite"]),
    ],
    targets: [
        core,
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "Conclave", dependencies: ["ConclaveFFI"], linkerSettings: link),
        .target(name: "ConclaveSQLite", dependencies: ["Conclave", "CSQLite"]),
        .testTarget(name: "ConclaveTests", dependencies: ["Conclave"]),
        .testTarget(name: "ConclaveSQLiteTests", dependencies: ["Conclave", "ConclaveSQLite", "CSQLite"]),
    ]
)
