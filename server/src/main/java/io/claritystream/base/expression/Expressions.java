package io.claritystream.base.expression;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.expression.ExpressionFault.Kind;
import org.springframework.stereotype.Component;

/// Reads expressions, and remembers the read ones.
@Component
public final class Expressions {

  /// About the memory that all remembered ones take: read, an expression is some thirty times as
  /// large as its source.
  private static final long SOURCE_LENGTH_MAX = 1_000_000;

  private final Cache<String, Expression> read =
      Caffeine.newBuilder()
          .maximumWeight(SOURCE_LENGTH_MAX)
          .weigher((String source, Expression expression) -> expression.weight())
          .build();

  private final Turns turns;

  public Expressions() {
    this(Turns.ofMachine());
  }

  /// @param turns of evaluations that take long
  Expressions(Turns turns) {
    this.turns = turns;
  }

  /// In characters of source: an instruction of a regular expression is kept by each of the
  /// machines that have run it at once.
  private static int weight(Syntax tree, int sourceLength) {
    return 64 + sourceLength + regexes(tree);
  }

  private static int regexes(Syntax tree) {
    int own =
        tree.value instanceof Regex regex
            ? (int) (32 * regex.size().program() + regex.size().classes())
            : 0;
    return own + tree.parts.stream().mapToInt(Expressions::regexes).sum();
  }

  /// @param source without the `=` in front
  public Expression compile(String source) throws ExpressionFault {
    Expression known = read.getIfPresent(source);
    if (known != null) {
      return known;
    }
    Expression expression;
    try {
      Syntax tree = Parser.parse(source);
      expression =
          new Expression(
              source,
              Compiler.compile(tree),
              References.of(tree),
              Mistakes.of(tree),
              weight(tree, source.length()),
              turns);
    } catch (Stop stop) {
      throw new ExpressionFault(stop);
    } catch (RuntimeException broken) {
      throw Expression.unexpected(broken);
    } catch (StackOverflowError deep) {
      throw new ExpressionFault(
          new Stop(Kind.TOO_DEEP, "C0002", -1, "The expression is nested too deeply."));
    }
    read.put(source, expression);
    return expression;
  }
}
