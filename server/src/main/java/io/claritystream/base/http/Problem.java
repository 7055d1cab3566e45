package io.claritystream.base.http;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Ends a request with a problem of the catalogue. It is thrown where the request cannot go on and
/// reaches the client as `application/problem+json`; the detail is shown to the client, so it holds
/// nothing that the client may not know.
public final class Problem extends RuntimeException {

  private final ProblemCode code;
  private final transient List<Invalid> errors;
  private final transient @Nullable Duration retryAfter;

  /// One thing that is wrong.
  ///
  /// @param place within the body a JSON pointer (RFC 6901), `/organization/name`, and the empty
  ///     text for all of it; otherwise the name of the query's or path's parameter, or of the
  ///     header
  /// @param position where within the value, counted in UTF-16 units from 0, where that can be told
  public record Invalid(String place, String message, @Nullable Integer position) {

    public Invalid(String place, String message) {
      this(place, message, null);
    }

    boolean inBody() {
      return place.isEmpty() || place.startsWith("/");
    }
  }

  private Problem(
      ProblemCode code,
      @Nullable String detail,
      List<Invalid> errors,
      @Nullable Duration retryAfter) {
    super(detail, null, false, false);
    this.code = code;
    this.errors = List.copyOf(errors);
    this.retryAfter = retryAfter;
  }

  public static Problem of(ProblemCode code, @Nullable String detail) {
    return new Problem(code, detail, List.of(), null);
  }

  /// Of a code that waiting mends.
  public static Problem of(ProblemCode code, @Nullable String detail, Duration retryAfter) {
    return new Problem(code, detail, List.of(), retryAfter);
  }

  /// `what` is the noun: `source`, `pairing code`.
  public static Problem notFound(String what, Object id) {
    return of(ProblemCode.NOT_FOUND, "No " + what + " " + id + ".");
  }

  /// @param place as [Invalid] has it: `/name` of a body, `name` of a parameter
  public static Problem invalid(String place, String message) {
    return invalid(List.of(new Invalid(place, message)));
  }

  public static Problem invalid(List<Invalid> errors) {
    return new Problem(ProblemCode.VALIDATION_FAILED, summary(errors), errors, null);
  }

  /// Of a code that has one of its own for what is wrong with fields.
  public static Problem invalid(ProblemCode code, List<Invalid> errors) {
    return new Problem(code, summary(errors), errors, null);
  }

  static Problem invalid(ProblemCode code, String place, String message) {
    return refused(code, new Invalid(place, message));
  }

  /// For what one field alone is the cause of.
  public static Problem refused(ProblemCode code, Invalid error) {
    List<Invalid> errors = List.of(error);
    return new Problem(code, summary(errors), errors, null);
  }

  public static Problem rateLimited(Duration retryAfter) {
    return new Problem(
        ProblemCode.RATE_LIMITED, "The limit of this route is used up.", List.of(), retryAfter);
  }

  /// More than the plan allows is under way already.
  public static Problem tooMany(String detail, Duration retryAfter) {
    return new Problem(ProblemCode.RATE_LIMITED, detail, List.of(), retryAfter);
  }

  public static Problem unavailable(String detail, Duration retryAfter) {
    return new Problem(ProblemCode.UNAVAILABLE, detail, List.of(), retryAfter);
  }

  public ProblemCode code() {
    return code;
  }

  public List<Invalid> errors() {
    return errors;
  }

  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  private static String summary(List<Invalid> errors) {
    Invalid first = errors.getFirst();
    String text = (first.place().isEmpty() ? "The body" : first.place()) + ": " + first.message();
    text = text.endsWith(".") ? text : text + ".";
    return errors.size() == 1 ? text : text + " And " + (errors.size() - 1) + " more.";
  }
}
