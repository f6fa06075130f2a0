import Conclave
import XCTest

/// What the generated code must be like for the rest to hold.
final class GeneratedTests: XCTestCase {
    private func body(_ pattern: String) throws -> String {
        try XCTUnwrap(matches(pattern, in: generatedSource()).first)
    }

    /// The generator takes a key that it does not know in silence, so each is looked for in what it has written.
    func testEachKeyOfTheConfigurationTookEffect() throws {
        let project = "../../uniffi.toml"
        let section = try matches(#"\[bindings\.swift\]\n(.*?)(\n\[|\z)"#, in: source(project)).first ?? ""
        XCTAssertEqual(
            try matches(#"^(\w+) ="#, in: section),
            ["module_name", "ffi_module_name", "ffi_module_filename", "generate_module_map"])
        // module_name: the file is Conclave.swift, or this would not compile.
        XCTAssertTrue(try generatedSource().contains("#if canImport(ConclaveFFI)\nimport ConclaveFFI"))
        let map = try source("Sources/ConclaveFFI/module.modulemap")
        XCTAssertTrue(map.hasPrefix("module ConclaveFFI {\n    header \"ConclaveFFI.h\""), map)
        XCTAssertTrue(try source("Sources/ConclaveFFI/ConclaveFFI.h").contains("uniffi_conclave_fn_"))
    }

    /// A panic in a function that cannot fail ends the process. These are the ones, and all they do is to copy fields: the
    /// README names them.
    func testTheFunctionsThatCannotFailAreTheseAndNoOthers() throws {
        let one = #"func (\w+)\([^{]*\{(?:(?!\n\}).)*?try! rustCall"#
        let found = Set(try matches("(?:open|public) " + one, in: generatedSource()))
        let throwing = Set(try matches(#"(?:open|public) func (\w+)\([^{]*throws"#, in: generatedSource()))
        let named: Set = [
            "errorInfo", "acceptAll", "basicConfig", "version", "memoryStorage", "setLogger", "identity", "id", "newCommit",
            "atEpoch", "place", "effect", "guards", "nextChunk", "rewind", "size", "uniffiCloneHandle",
        ]
        XCTAssertEqual(found.subtracting(throwing), named)
        let readme = try source("README.md")
        for name in named.subtracting(["uniffiCloneHandle"]) {
            XCTAssertTrue(readme.contains("`\(name)`") || readme.contains(".\(name)`"), "\(name) is not in the README")
        }
    }

    /// Every method of a client and a group that can fail, or takes time, has its like with `async`.
    func testTheActorsHaveWhatTheObjectsHave() throws {
        for (object, other) in [("Client", ["identity"]), ("Group", ["id", "newCommit"])] {
            let whole = try body("open class (\(object): .*?)\npublic struct FfiConverterType\(object):")
            let methods = Set(try matches(#"^open func (\w+)\("#, in: whole))
            let actor = try source("Sources/Conclave/\(object)Actor.swift")
            let like = Set(try matches(#"public func (\w+)\("#, in: actor))
            XCTAssertGreaterThan(methods.count, 20)
            XCTAssertEqual(methods.subtracting(other).subtracting(like), [], object)
        }
    }

    func testTheVersionOfTheLibraryIsTold() {
        XCTAssertFalse("\(version())".isEmpty)
    }
}
