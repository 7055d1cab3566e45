package io.claritystream.base.http;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A field that holds a [LineOfText], or is not there.
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Constraint(validatedBy = Line.Validator.class)
public @interface Line {

  /// Characters at most.
  int max();

  String message() default "must be one line of text";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};

  /// Says what exactly is wrong.
  final class Validator implements ConstraintValidator<Line, String> {

    private int lengthMax;

    @Override
    public void initialize(Line line) {
      lengthMax = line.max();
    }

    @Override
    public boolean isValid(@Nullable String text, ConstraintValidatorContext context) {
      if (text == null) {
        return true;
      }
      Optional<String> wrong = LineOfText.wrong(text, lengthMax);
      wrong.ifPresent(
          why -> {
            context.disableDefaultConstraintViolation();
            context.buildConstraintViolationWithTemplate(why).addConstraintViolation();
          });
      return wrong.isEmpty();
    }
  }
}
