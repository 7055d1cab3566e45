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
          .weigher((String source, Expression expression) -> 64 + source.length())
          .build();

  /// @param source without the `=` in front
  public Expression compile(String source) throws ExpressionFault {
    Expression known = read.getIfPresent(source);
    if (known != null) {
      return known;
    }
    Expression expression;
    try {
      Syntax tree = Parser.parse(source);
      expression = new Expression(source, Compiler.compile(tree), References.of(tree));
    } catch (Stop stop) {
      throw new ExpressionFault(stop);
    } catch (StackOverflowError deep) {
      throw new ExpressionFault(
          new Stop(Kind.TOO_DEEP, "C0002", -1, "The expression is nested too deeply."));
    }
    read.put(source, expression);
    return expression;
  }
}
