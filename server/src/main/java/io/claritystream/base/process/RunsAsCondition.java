package io.claritystream.base.process;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/// Decides [RunsAs].
final class RunsAsCondition implements Condition {

  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    Map<String, Object> attributes =
        Objects.requireNonNull(metadata.getAnnotationAttributes(RunsAs.class.getName()));
    Set<ProcessRole> running =
        ProcessRole.parse(context.getEnvironment().getProperty("clarity.roles", "all"));
    return Arrays.stream((ProcessRole[]) Objects.requireNonNull(attributes.get("value")))
        .anyMatch(running::contains);
  }
}
