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
/// A value in a column that has another type by now is part of a key as it reads, because most
/// read as they did: `image 3 retyped 5+6` says that there are such. Only if an event finds no row
/// so are rows known without these columns, and which of several it means is then a guess.
///
/// A null is no part of such a key. So rows that were stored with another version have keys that
/// may still be right, and are given others only when an event finds none.
///
/// @param version 0 if keys are of several
/// @param retyped whether keys are made of values that columns had when their types were others
/// @param lacking those that lack least come first, because they are told best
record ImageKeys(int version, boolean retyped, List<Lacks> lacking) {
  static final String WORD = "image";
  private static final String RETYPED = "retyped";

  /// Rows have keys of several versions.
  static final ImageKeys SEVERAL = new ImageKeys(0, false, List.of());

  static ImageKeys of(int version, boolean retyped, Collection<Lacks> lacking) {
    return new ImageKeys(
        version,
        retyped,
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
    var retyped = words.length > 2 && words[2].equals(RETYPED);
    for (var i = retyped ? 3 : 2; i < words.length; i++) {
      var columns = new BitSet();
      for (var column : words[i].split("\\+")) {
        columns.set(Integer.parseInt(column));
      }
      lacking.add(new Lacks(columns));
    }
    return new ImageKeys(Integer.parseInt(words[1]), retyped, lacking);
  }

  String layout() {
    return WORD
        + " "
        + version
        + (retyped ? " " + RETYPED : "")
        + lacking.stream().map(lacks -> " " + word(lacks)).collect(Collectors.joining());
  }

  private static String word(Lacks lacks) {
    return lacks.columns().stream().mapToObj(String::valueOf).collect(Collectors.joining("+"));
  }
}
