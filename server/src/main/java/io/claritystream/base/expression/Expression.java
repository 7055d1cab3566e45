package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An expression that has been read. It does not change, and may be evaluated by any number of
/// threads at once.
public final class Expression {

  static final String UNEXPECTED = "C0007";
  private static final Logger LOG = LoggerFactory.getLogger(Expression.class);

  private final String source;
  private final Node node;
  private final Set<String> references;
  private final List<ExpressionFault> mistakes;
  private final int weight;
  private final Turns turns;

  /// @param mistakes that reading it finds
  /// @param weight of what is remembered by it, in characters of source
  /// @param turns that an evaluation needs if it takes long
  Expression(
      String source,
      Node node,
      Set<String> references,
      List<ExpressionFault> mistakes,
      int weight,
      Turns turns) {
    this.source = source;
    this.turns = turns;
    this.node = node;
    this.references = references;
    this.mistakes = mistakes;
    this.weight = weight;
  }

  /// @param input plain JSON: Map, List, String, Boolean, numbers, null; it is not changed
  /// @return plain JSON as well, in which whole numbers are Long and others Double, and which
  ///     shares nothing that can change with the input; null for JSON's null and for nothing
  public @Nullable Object evaluate(@Nullable Object input, Moment moment) throws ExpressionFault {
    return evaluate(input, moment, Limits.DEFAULT);
  }

  @Nullable Object evaluate(@Nullable Object input, Moment moment, Limits limits)
      throws ExpressionFault {
    return evaluate(new Run(limits, moment, wrapped(input), turns));
  }

  @Nullable Object evaluate(Run run) throws ExpressionFault {
    try {
      return Output.of(node.eval(run.root(), new Scope((Scope) null), run), run);
    } catch (Stop stop) {
      throw new ExpressionFault(stop);
    } catch (RuntimeException broken) {
      throw unexpected(broken);
    } catch (StackOverflowError deep) {
      // The limits of nesting keep clear of it, unless the thread has an uncommonly small stack.
      throw new ExpressionFault(
          new Stop(Kind.TOO_DEEP, "C0002", -1, "The expression goes too deep; make it flatter."));
    } finally {
      run.end();
    }
  }

  /// What an expression meets is never a fault of the server to whoever wrote it. The source stays
  /// out of the log: it may hold what is private.
  static ExpressionFault unexpected(RuntimeException broken) {
    LOG.error("The evaluator of expressions has a defect", broken);
    return new ExpressionFault(
        new Stop(
            Kind.VALUE,
            UNEXPECTED,
            -1,
            "The expression cannot be worked out, by a defect of the platform; write it in another"
                + " way, and report it."));
  }

  /// A list counts as one thing.
  static @Nullable Object wrapped(@Nullable Object input) {
    if (input instanceof List<?>) {
      Items one = Items.sequenceOf(input);
      one.wrapper = true;
      return one;
    }
    return input;
  }

  /// The members of the context that the expression names, as far as reading it tells: the first
  /// two names of each path that begins at the context (`trigger.body`, `steps.map`), or the one
  /// name that there is. What wildcards or computed names come to is not among them.
  public Set<String> references() {
    return references;
  }

  /// What is wrong for certain with the functions that it calls, which would show when it is
  /// evaluated and comes there: one that there is not, or too few or many arguments. The first few.
  public List<ExpressionFault> mistakes() {
    return mistakes;
  }

  int weight() {
    return weight;
  }

  public String source() {
    return source;
  }

  @Override
  public String toString() {
    return source;
  }
}
