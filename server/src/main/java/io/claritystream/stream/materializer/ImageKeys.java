package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the keys of a table's rows are made of where no columns tell them apart, but all of what
/// they say: of which version of the table, and which of its columns some rows are known without.
/// In words it stands in `model_table.key_layout`: `image 3 5+6 6` is of version 3, and there are
/// rows that lack its columns 5 and 6, and others that lack the last one.
///
/// A null is no part of such a key. So rows that were stored with another version have keys that
/// may still be right, and are given others only when an event finds none.
///
/// @param version 0 if keys are of several
/// @param lacking those that lack least come first, because they are told best
record ImageKeys(int version, List<Lacks> lacking) {
  static final String WORD = "image";

  /// Rows have keys of several versions.
  static final ImageKeys SEVERAL = new ImageKeys(0, List.of());

  static ImageKeys of(int version, Collection<Lacks> lacking) {
    return new ImageKeys(
        version,
        lacking.stream()
            .filter(lacks -> lacks.count() > 0)
            .distinct()
            .sorted(Comparator.comparingInt(Lacks::count).thenComparing(ImageKeys::word))
            .toList());
  }

  /// Null if a layout is none of these.
  static @Nullable ImageKeys read(@Nullable String layout) {
    if (layout == null || !layout.startsWith(WORD + " ")) {
      return null;
    }
    var words = layout.split(" ");
    var lacking = new ArrayList<Lacks>();
    for (var i = 2; i < words.length; i++) {
      var columns = new BitSet();
      for (var column : words[i].split("\\+")) {
        columns.set(Integer.parseInt(column));
      }
      lacking.add(new Lacks(columns));
    }
    return new ImageKeys(Integer.parseInt(words[1]), lacking);
  }

  String layout() {
    return WORD
        + " "
        + version
        + lacking.stream().map(lacks -> " " + word(lacks)).collect(Collectors.joining());
  }

  private static String word(Lacks lacks) {
    return lacks.columns().stream().mapToObj(String::valueOf).collect(Collectors.joining("+"));
  }
}
