// swift-tools-version:6.0
import PackageDescription

/// A program, in the folder of its name.
func program(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "Support", .product(name: "Conclave", package: "Conclave"),
            .product(name: "ConclaveSQLite", package: "Conclave"),
        ])
}

let programs = ["hello", "add_remove", "offline_join", "two_process", "crash", "chat", "worker", "bench"]

let package = Package(
    name: "ConclaveExamples",
    platforms: [.macOS(.v10_15)],
    dependencies: [.package(name: "Conclave", path: "..")],
    targets: [
        .target(
            name: "Support",
            dependencies: [
                .product(name: "Conclave", package: "Conclave"), .product(name: "ConclaveSQLite", package: "Conclave"),
            ])
    ] + programs.map(program) + [.testTarget(name: "ExampleTests", dependencies: ["Support"])]
)
