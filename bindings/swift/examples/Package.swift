// swift-tools-version:6.0
import PackageDescription

let library: [Target.Dependency] = [
    .product(name: "Conclave", package: "Conclave"), .product(name: "ConclaveSQLite", package: "Conclave"),
]

let programs = ["hello", "add_remove", "offline_join", "two_process", "crash", "chat", "worker", "bench"]

let package = Package(
    name: "ConclaveExamples",
    platforms: [.macOS(.v10_15)],
    dependencies: [.package(name: "Conclave", path: "..")],
    targets: programs.map { .executableTarget(name: $0, dependencies: library + ["Support"]) } + [
        .target(name: "Support", dependencies: library),
        .testTarget(name: "ExampleTests", dependencies: library + ["Support"]),
    ]
)
