package io.claritystream.maestro.action;

import io.claritystream.base.expression.Expression;
import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.base.expression.Expressions;
import io.claritystream.base.expression.Moment;
import io.claritystream.maestro.definition.Flaw;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A value of a document, ready to be mapped: texts that begin with `=` are expressions, everything
/// else stands for itself. What holds no expression is the same object each time.
public sealed interface Mapped {

  @Nullable Object evaluate(@Nullable Object context, Moment moment) throws MappingFault;

  /// Throws for the first expression that does not parse.
  ///
  /// @param pointer where the value stands in the document
  static Mapped of(@Nullable Object template, String pointer, Expressions expressions)
      throws ExpressionFault {
    return switch (template) {
      case String text when text.startsWith("=") ->
          new Evaluated(pointer, expressions.compile(text.substring(1)));
      case Map<?, ?> map -> members(map, pointer, expressions);
      case List<?> list -> elements(list, pointer, expressions);
      case null, default -> new Literal(template);
    };
  }

  private static Mapped members(Map<?, ?> map, String pointer, Expressions expressions)
      throws ExpressionFault {
    var members = new LinkedHashMap<String, Mapped>();
    for (var member : map.entrySet()) {
      var name = String.valueOf(member.getKey());
      members.put(name, of(member.getValue(), Flaw.at(pointer, name), expressions));
    }
    return members.values().stream().allMatch(Literal.class::isInstance)
        ? new Literal(map)
        : new Members(members);
  }

  private static Mapped elements(List<?> list, String pointer, Expressions expressions)
      throws ExpressionFault {
    var elements = new ArrayList<Mapped>();
    for (var element : list) {
      elements.add(of(element, Flaw.at(pointer, elements.size()), expressions));
    }
    return elements.stream().allMatch(Literal.class::isInstance)
        ? new Literal(list)
        : new Elements(elements);
  }

  /// Holds no expression.
  record Literal(@Nullable Object value) implements Mapped {
    @Override
    public @Nullable Object evaluate(@Nullable Object context, Moment moment) {
      return value;
    }
  }

  record Evaluated(String pointer, Expression expression) implements Mapped {
    @Override
    public @Nullable Object evaluate(@Nullable Object context, Moment moment) throws MappingFault {
      try {
        return expression.evaluate(context, moment);
      } catch (ExpressionFault fault) {
        throw new MappingFault(pointer, fault);
      }
    }
  }

  record Members(Map<String, Mapped> members) implements Mapped {
    @Override
    public Object evaluate(@Nullable Object context, Moment moment) throws MappingFault {
      var values = new LinkedHashMap<String, @Nullable Object>();
      for (var member : members.entrySet()) {
        values.put(member.getKey(), member.getValue().evaluate(context, moment));
      }
      return Collections.unmodifiableMap(values);
    }
  }

  record Elements(List<Mapped> elements) implements Mapped {
    @Override
    public Object evaluate(@Nullable Object context, Moment moment) throws MappingFault {
      var values = new ArrayList<@Nullable Object>(elements.size());
      for (var element : elements) {
        values.add(element.evaluate(context, moment));
      }
      return Collections.unmodifiableList(values);
    }
  }
}
