package io.claritystream.base.http;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The method answers a POST and changes nothing: sent again it may be answered anew, so its answer
/// is kept for no `Idempotency-Key`.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface ChangesNothing {}
