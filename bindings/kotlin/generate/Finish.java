import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finishes the Kotlin that UniFFI writes: {@code java Finish.java FILE}, which is changed in place.
 *
 * <p>Some things cannot be mended from outside, and each is dangerous or tiresome enough to be mended here. Every step counts what it
 * found, and fails if that is not what it knows, so that another version of UniFFI is looked at before it is shipped.
 */
final class Finish {
    private static final Pattern FIELD = Pattern.compile("^\\s*(?:var|val) `(\\w+)`: .*");
    private static final Pattern DATA_CLASS = Pattern.compile("^\\s*data class (\\w+)\\s*\\($");
    private static final Pattern SINGLETON = Pattern.compile("^    object (\\w+) : (\\w+)\\(\\)$");
    private static final Pattern WRITE =
        Pattern.compile("uniffiObj\\.`write`\\(\\s*FfiConverterTypeWriteBatch\\.lift\\(`batch`\\),\\s*\\)");
    private static final Pattern RUST_NAME = Pattern.compile("`([A-Z]\\w*(?:(?:::|\\.)\\w+)+|[a-z]+(?:_[a-z]+)+)`");
    private static final Pattern RUST_LINK = Pattern.compile("\\[`([\\w:]+)`\\](?:\\([\\w:]+\\))?");

    private Finish() {}

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        String text = batchesEndWithTheirWrite(callbacksCatchEverything(errorHasANameOfItsOwn(Files.readString(file))));
        List<String> lines = namesInKotlin(classesPrintAndCompare(text.lines().collect(Collectors.toList())));
        Files.writeString(file, String.join("\n", lines) + "\n");
    }

    /**
     * UniFFI calls the library's error {@code Exception}, which hides Kotlin's own from everyone who imports the package:
     * {@code catch (e: Exception)} would not catch what they think.
     */
    private static String errorHasANameOfItsOwn(String text) {
        expect(1, count(text, "sealed class Exception: kotlin.Exception()"), "the error");
        return text.replaceAll("(?<![\\w.])Exception\\b", "ConclaveException");
    }

    /**
     * As UniFFI has it, a callback that ends with a Java {@code Error}, such as a stack overflow or an assertion, looks to the library
     * as if it had succeeded: a write that never was would count as written. And the text of any other exception is its whole
     * stack trace.
     */
    private static String callbacksCatchEverything(String text) {
        String caught = "} catch(e: kotlin.Exception) {";
        String trace = "try { e.stackTraceToString() } catch(_: Throwable) { \"\" }";
        expect(1, count(text, "uniffiTraitInterfaceCall("), "the call of callbacks that cannot fail, of which there are none");
        expect(2, count(text, caught), "the catch of a callback");
        expect(2, count(text, trace), "the stack trace of a callback");
        return text.replace(caught, "} catch(e: kotlin.Throwable) {").replace(trace, "hostWords(e)");
    }

    /** Otherwise a batch, which may hold megabytes that Java's collector does not see, stays until it comes round to it. */
    private static String batchesEndWithTheirWrite(String text) {
        Matcher call = WRITE.matcher(text);
        expect(1, (int) call.results().count(), "the write of a storage");
        return call.reset().replaceFirst("FfiConverterTypeWriteBatch.lift(`batch`).use { uniffiObj.`write`(it) }");
    }

    /**
     * Kotlin prints the bytes of an array in a data class, which shows plaintext and keys, and compares arrays by identity, so that
     * equal records never are.
     */
    private static List<String> classesPrintAndCompare(List<String> lines) {
        List<String> finished = new ArrayList<>();
        int classes = 0;
        for (int at = 0; at < lines.size(); at++) {
            Matcher header = DATA_CLASS.matcher(lines.get(at));
            if (!header.matches()) {
                finished.add(singleton(lines.get(at)));
                continue;
            }
            List<String> fields = new ArrayList<>();
            for (; !opensBody(lines.get(at)); at++) {
                Matcher field = FIELD.matcher(lines.get(at));
                if (field.matches()) {
                    fields.add(field.group(1));
                }
                finished.add(lines.get(at));
            }
            finished.add(lines.get(at));
            finished.addAll(members(header.group(1), fields));
            classes++;
        }
        expect(classes, count(String.join("\n", lines), "data class "), "the data classes");
        return finished;
    }

    private static boolean opensBody(String line) {
        return line.endsWith("{") && !line.trim().startsWith("*");
    }

    private static String singleton(String line) {
        Matcher found = SINGLETON.matcher(line);
        return found.matches() ? "    data object " + found.group(1) + " : " + found.group(2) + "()" : line;
    }

    private static List<String> members(String name, List<String> fields) {
        String named = fields.stream().map(f -> "\"" + f + "\" to this.`" + f + "`").collect(Collectors.joining(", "));
        String same = fields.stream().map(f -> "same(this.`" + f + "`, other.`" + f + "`)").collect(Collectors.joining(" && "));
        String all = fields.stream().map(f -> "this.`" + f + "`").collect(Collectors.joining(", "));
        return List.of(
            "    /** Names and sizes: bytes are never shown. */",
            "    override fun toString(): String = described(\"" + name + "\", " + named + ")",
            "    /** Compares bytes by what is in them. */",
            "    override fun equals(other: Any?): Boolean = this === other || (other is " + name + " && " + same + ")",
            "    override fun hashCode(): Int = hashed(" + all + ")");
    }

    /** The documentation comes from Rust: names and links in it become those of Kotlin. */
    private static List<String> namesInKotlin(List<String> lines) {
        return lines.stream()
            .map(line -> line.trim().startsWith("*") ? RUST_NAME.matcher(unlinked(line)).replaceAll(Finish::camel) : line)
            .collect(Collectors.toList());
    }

    private static String unlinked(String line) {
        return RUST_LINK.matcher(line).replaceAll("`$1`");
    }

    private static String camel(java.util.regex.MatchResult found) {
        String name = found.group(1).replaceFirst("^crate::", "").replace("::", ".");
        return "`" + Pattern.compile("_([a-z])").matcher(name).replaceAll(m -> m.group(1).toUpperCase()) + "`";
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    private static void expect(int wanted, int found, String what) {
        if (wanted != found) {
            throw new IllegalStateException(what + ": found " + found + " times, and not " + wanted
                + ". UniFFI writes something else than this program knows: look at it, and change this program.");
        }
    }
}
