package io.claritystream.base.http;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names query parameters that a method reads by other means than `@RequestParam` or [PageRequest],
/// so that they are not refused as unknown.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface QueryParameters {
  String[] value();
}
