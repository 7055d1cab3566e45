package io.claritystream.base.http;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The caller's role must permit this, or the answer is 403.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface RequiresPermission {
  Permission value();

  /// What the method itself asks for beyond it, as the API's description tells it:
  /// `workflows.write, or a grant of the workflow`.
  String beyond() default "";
}
