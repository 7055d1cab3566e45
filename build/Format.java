import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Checks (`check ROOT`) or mends (`fix ROOT`) the format of every Java file below ROOT with
/// google-java-format. Run in source form by the build. Files found right are remembered by size
/// and time in `target/format.stamp`, so that a build without changes costs one walk of the tree.
final class Format {
  private static final Set<String> NOT_OURS =
      Set.of("target", "node_modules", "data", ".git", ".idea");

  private static final int WIDTH = 100;
  private static final Pattern DOC = Pattern.compile("( *///)( .*)");
  private static final Pattern PROSE = Pattern.compile("[\\p{L}(\\[`\"\\d]");

  public static void main(String[] args) throws IOException {
    boolean fix = args[0].equals("fix");
    Path root = Path.of(args[1]);
    Path stamp = root.resolve("target/format.stamp");
    Map<String, String> right = remembered(stamp);
    Map<String, String> nowRight = new TreeMap<>();
    List<Path> suspects = new ArrayList<>();
    for (Path file : javaFiles(root)) {
      String name = root.relativize(file).toString();
      String state = state(file);
      if (state.equals(right.get(name))) {
        nowRight.put(name, state);
      } else {
        suspects.add(file);
      }
    }
    List<String> wrong = new ArrayList<>();
    if (!suspects.isEmpty()) {
      var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
      for (Path file : suspects) {
        String name = root.relativize(file).toString();
        String before = Files.readString(file);
        try {
          String after =
              formatter.formatSource(
                  RemoveUnusedImports.removeUnusedImports(
                      ImportOrderer.reorderImports(
                          wrapDocs(before), JavaFormatterOptions.Style.GOOGLE)));
          if (after.equals(before)) {
            nowRight.put(name, state(file));
          } else if (fix) {
            Files.writeString(file, after);
            nowRight.put(name, state(file));
            System.out.println("formatted " + name);
          } else {
            wrong.add(name);
          }
        } catch (FormatterException e) {
          wrong.add(name + ": " + e.getMessage().strip());
        }
      }
    }
    remember(stamp, nowRight);
    if (!wrong.isEmpty()) {
      System.err.println("Not formatted (./clarity format mends it):");
      wrong.forEach(name -> System.err.println("  " + name));
      System.exit(1);
    }
  }

  /// Wraps `///` lines that are too wide. The formatter takes them for plain comments and would go
  /// on in `//`, which tears the documentation from its declaration.
  private static String wrapDocs(String source) {
    if (!source.contains("///")) {
      return source;
    }
    var lines = new ArrayList<>(source.lines().toList());
    var fenced = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      var doc = DOC.matcher(line);
      if (!doc.matches()) {
        fenced = false;
        continue;
      }
      if (doc.group(2).strip().startsWith("```")) {
        fenced = !fenced;
      }
      int cut = line.lastIndexOf(' ', WIDTH);
      int text = line.length() - doc.group(2).stripLeading().length();
      if (line.length() <= WIDTH || fenced || cut <= text) {
        continue;
      }
      lines.set(i, line.substring(0, cut).stripTrailing());
      String rest = line.substring(cut + 1).strip();
      String next = i + 1 < lines.size() ? lines.get(i + 1) : "";
      String start = continuation(doc.group(1), doc.group(2));
      if (next.startsWith(start) && PROSE.matcher(next.substring(start.length())).lookingAt()) {
        lines.set(i + 1, start + rest + " " + next.substring(start.length()));
      } else {
        lines.add(i + 1, start + rest);
      }
    }
    return String.join("\n", lines) + "\n";
  }

  /// How the line after a wrapped one begins: below the text of a list item or a tag.
  private static String continuation(String slashes, String text) {
    int indent = text.length() - text.stripLeading().length();
    String word = text.stripLeading();
    if (word.startsWith("- ")) {
      indent += 2;
    } else if (word.startsWith("@")) {
      indent += 4;
    }
    return slashes + " ".repeat(indent);
  }

  private static List<Path> javaFiles(Path root) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return !dir.equals(root) && NOT_OURS.contains(dir.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }

  private static String state(Path file) {
    try {
      return Files.size(file) + "@" + Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> remembered(Path stamp) throws IOException {
    Map<String, String> states = new HashMap<>();
    if (Files.exists(stamp)) {
      for (String line : Files.readAllLines(stamp)) {
        int tab = line.indexOf('\t');
        states.put(line.substring(0, tab), line.substring(tab + 1));
      }
    }
    return states;
  }

  private static void remember(Path stamp, Map<String, String> states) throws IOException {
    Files.createDirectories(stamp.getParent());
    List<String> lines = new ArrayList<>();
    states.forEach((name, state) -> lines.add(name + "\t" + state));
    Path fresh = Files.createTempFile(stamp.getParent(), "format", null);
    Files.write(fresh, lines);
    Files.move(fresh, stamp, StandardCopyOption.REPLACE_EXISTING);
  }
}
