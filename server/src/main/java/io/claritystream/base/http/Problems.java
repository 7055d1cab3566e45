package io.claritystream.base.http;

import jakarta.servlet.ServletException;
import java.io.EOFException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.coyote.BadRequestException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.TypeMismatchException;
import org.springframework.context.MessageSourceResolvable;
import org.springframework.core.MethodParameter;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.validation.BindException;
import org.springframework.validation.FieldError;
import org.springframework.validation.method.ParameterValidationResult;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.MissingRequestHeaderException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;

/// Which problem a failure is.
final class Problems {

  private static final Duration SHORTLY = Duration.ofSeconds(2);
  private static final String TOO_MANY_CONNECTIONS = "53300";

  /// A name, or an index or key in brackets.
  private static final Pattern STEP = Pattern.compile("\\[([^]]*)]|[^.\\[]+");

  static Problem of(Throwable failure) {
    Problem within = find(failure, Problem.class);
    if (within != null) {
      return within;
    }
    if (find(failure, InvalidParameterException.class) != null) {
      return Problem.of(ProblemCode.VALIDATION_FAILED, "The query must be percent-encoded UTF-8.");
    }
    SQLTransientConnectionException waited = find(failure, SQLTransientConnectionException.class);
    if (waited != null && waited.getCause() == null) {
      // The pool says why it has no connection, where it could not make one.
      return busy();
    }
    SQLException refused = find(failure, SQLException.class);
    if (refused != null && TOO_MANY_CONNECTIONS.equals(refused.getSQLState())) {
      return busy();
    }
    if (refused != null && passing(refused.getSQLState())) {
      return databaseDown();
    }
    return switch (failure) {
      case HttpMessageNotReadableException unreadable -> body(unreadable);
      case MethodArgumentNotValidException invalid -> fields(invalid.getBindingResult());
      case HandlerMethodValidationException invalid -> parameters(invalid);
      case BindException invalid -> fields(invalid);
      case MissingServletRequestParameterException missing ->
          Problem.invalid(missing.getParameterName(), "is required");
      case MissingRequestHeaderException missing ->
          Problem.invalid(missing.getHeaderName(), "is a required header");
      case MethodArgumentTypeMismatchException mismatch -> argument(mismatch);
      case AsyncRequestTimeoutException late ->
          Problem.unavailable("The answer took too long.", SHORTLY);
      case QueryTimeoutException late ->
          Problem.unavailable("The database took too long to answer.", SHORTLY);
      case CannotCreateTransactionException down -> databaseDown();
      case DataAccessResourceFailureException down -> databaseDown();
      // The connection was lost in mid-transaction, so not even its rollback went through.
      case TransactionSystemException down -> databaseDown();
      case TransientDataAccessException passing -> databaseDown();
      case InvalidMediaTypeException unreadable ->
          Problem.of(ProblemCode.UNSUPPORTED_MEDIA_TYPE, null);
      case EOFException cut -> malformed("The body ends before its announced length.");
      case BadRequestException cut -> malformed("The body's framing cannot be read.");
      case ErrorResponse response -> ofStatus(response.getStatusCode());
      case ServletException wrapped when wrapped.getCause() instanceof Exception cause -> of(cause);
      default -> Problem.of(ProblemCode.INTERNAL, null);
    };
  }

  static Problem ofStatus(HttpStatusCode status) {
    HttpStatus known = HttpStatus.resolve(status.value());
    ProblemCode code =
        switch (known) {
          case UNAUTHORIZED -> ProblemCode.UNAUTHENTICATED;
          case FORBIDDEN -> ProblemCode.FORBIDDEN;
          case NOT_FOUND -> ProblemCode.NOT_FOUND;
          case METHOD_NOT_ALLOWED -> ProblemCode.METHOD_NOT_ALLOWED;
          case NOT_ACCEPTABLE -> ProblemCode.NOT_ACCEPTABLE;
          case CONFLICT -> ProblemCode.CONFLICT;
          case PRECONDITION_FAILED -> ProblemCode.PRECONDITION_FAILED;
          case PRECONDITION_REQUIRED -> ProblemCode.PRECONDITION_REQUIRED;
          case CONTENT_TOO_LARGE -> ProblemCode.PAYLOAD_TOO_LARGE;
          case UNSUPPORTED_MEDIA_TYPE -> ProblemCode.UNSUPPORTED_MEDIA_TYPE;
          case TOO_MANY_REQUESTS -> ProblemCode.RATE_LIMITED;
          case NOT_IMPLEMENTED, HTTP_VERSION_NOT_SUPPORTED -> ProblemCode.NOT_IMPLEMENTED;
          case SERVICE_UNAVAILABLE -> ProblemCode.UNAVAILABLE;
          case null, default ->
              status.is4xxClientError() ? ProblemCode.VALIDATION_FAILED : ProblemCode.INTERNAL;
        };
    return Problem.of(code, null);
  }

  /// Whether the database ended what it was doing for reasons of its own: a lost connection, a
  /// shutdown or a crash, no resources.
  private static boolean passing(@Nullable String sqlState) {
    return sqlState != null
        && (sqlState.startsWith("08")
            || sqlState.startsWith("53")
            || sqlState.startsWith("57P")
            || sqlState.startsWith("58"));
  }

  private static Problem busy() {
    return Problem.unavailable(
        "More is asked of the server than it can answer at once: it is busy.", SHORTLY);
  }

  private static Problem databaseDown() {
    return Problem.unavailable("The database cannot be reached at the moment.", SHORTLY);
  }

  private static Problem body(HttpMessageNotReadableException unreadable) {
    JacksonException cause = find(unreadable, JacksonException.class);
    return switch (cause) {
      case UnrecognizedPropertyException unknown ->
          Problem.invalid(ProblemCode.UNKNOWN_FIELD, pointer(unknown), "is not a known field");
      case InputCoercionException tooLarge when !tooLarge.getPath().isEmpty() ->
          Problem.invalid(pointer(tooLarge), "is out of range");
      case StreamConstraintsException beyond ->
          malformed(
              "It goes beyond a limit: %d levels, names of %d and numbers of %d characters, %d values and names in all."
                  .formatted(
                      StrictJson.DEPTH_MAX,
                      StrictJson.NAME_MAX,
                      StrictJson.NUMBER_MAX,
                      StrictJson.TOKENS_MAX));
      case MismatchedInputException mismatch when !mismatch.getPath().isEmpty() ->
          Problem.invalid(pointer(mismatch), mismatchMessage(mismatch));
      case DatabindException refused
          when !refused.getPath().isEmpty()
              && refused.getCause() instanceof IllegalArgumentException ->
          Problem.invalid(pointer(refused), invalidMessage(refused));
      case null -> malformed(null);
      default -> unread(cause);
    };
  }

  private static String mismatchMessage(MismatchedInputException mismatch) {
    Class<?> target = mismatch.getTargetType();
    if (mismatch.getOriginalMessage().startsWith("Null value for creator property")
        || mismatch.getOriginalMessage().startsWith("Missing required creator property")) {
      return "is required";
    }
    if (target == null) {
      return "is of the wrong type";
    }
    if (target == String.class) {
      return "must be a string";
    }
    if (target == boolean.class || target == Boolean.class) {
      return "must be true or false";
    }
    if (target.isPrimitive() || Number.class.isAssignableFrom(target)) {
      return "must be a number";
    }
    return target.isEnum() ? "must be " + oneOf(target) : "is of the wrong type";
  }

  /// Words read by a method of ours come here.
  private static String invalidMessage(DatabindException refused) {
    return refused instanceof ValueInstantiationException unknown && unknown.getType().isEnumType()
        ? "must be " + oneOf(unknown.getType().getRawClass())
        : "is not a valid value";
  }

  /// The words of a closed list, as the API writes them.
  private static String oneOf(Class<?> type) {
    return "one of "
        + Arrays.stream(type.getEnumConstants())
            .map(each -> ((Enum<?>) each).name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
  }

  private static Problem malformed(@Nullable String detail) {
    return Problem.of(ProblemCode.MALFORMED_JSON, detail);
  }

  private static Problem unread(JacksonException failure) {
    String why = UnreadJson.why(failure);
    return malformed(why == null ? null : "The body " + why + ".");
  }

  private static String pointer(JacksonException failure) {
    StringBuilder pointer = new StringBuilder();
    for (JacksonException.Reference step : failure.getPath()) {
      String name = step.getPropertyName();
      pointer.append('/').append(name == null ? step.getIndex() : escaped(name));
    }
    return pointer.toString();
  }

  /// Of `organization.postCode` or `tables[2].key`, as validation names a field of a record.
  private static String pointer(String path) {
    StringBuilder pointer = new StringBuilder();
    STEP.matcher(path)
        .results()
        .forEach(
            step -> {
              String key = step.group(1);
              pointer.append('/').append(escaped(key == null ? snakeCase(step.group()) : key));
            });
    return pointer.toString();
  }

  private static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }

  private static Problem fields(org.springframework.validation.BindingResult result) {
    List<Problem.Invalid> errors = new ArrayList<>();
    for (FieldError error : result.getFieldErrors()) {
      errors.add(new Problem.Invalid(pointer(error.getField()), message(error)));
    }
    if (errors.isEmpty()) {
      errors.add(new Problem.Invalid("", "is not valid"));
    }
    return Problem.invalid(errors);
  }

  private static Problem parameters(HandlerMethodValidationException invalid) {
    List<Problem.Invalid> errors = new ArrayList<>();
    for (ParameterValidationResult result : invalid.getParameterValidationResults()) {
      String name = name(result.getMethodParameter());
      for (MessageSourceResolvable error : result.getResolvableErrors()) {
        errors.add(
            new Problem.Invalid(
                error instanceof FieldError field ? pointer(field.getField()) : name,
                message(error)));
      }
    }
    return errors.isEmpty()
        ? Problem.of(ProblemCode.VALIDATION_FAILED, null)
        : Problem.invalid(errors);
  }

  private static String name(MethodParameter parameter) {
    String declared = KnownParameters.declaredName(parameter);
    return declared == null ? "parameter" : declared;
  }

  private static String message(MessageSourceResolvable error) {
    String message = error.getDefaultMessage();
    return message == null ? "is not valid" : message;
  }

  /// A path that holds no possible id leads nowhere; a parameter that cannot be read is the
  /// caller's slip.
  private static Problem argument(MethodArgumentTypeMismatchException mismatch) {
    if (mismatch.getParameter().hasParameterAnnotation(PathVariable.class)) {
      return Problem.of(ProblemCode.NOT_FOUND, null);
    }
    return Problem.invalid(mismatch.getName(), "must be " + kind(mismatch));
  }

  private static String kind(TypeMismatchException mismatch) {
    Class<?> type = mismatch.getRequiredType();
    if (type == null) {
      return "of another type";
    }
    if (type.isEnum()) {
      return oneOf(type);
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
      return type == boolean.class ? "true or false" : "a number";
    }
    return switch (type.getSimpleName()) {
      case "UUID" -> "a UUID";
      case "Instant", "OffsetDateTime" -> "an RFC 3339 time";
      case "Boolean" -> "true or false";
      default -> "of another type";
    };
  }

  private static String snakeCase(String field) {
    return field.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < 16; depth++) {
      if (type.isInstance(at)) {
        return type.cast(at);
      }
      at = at.getCause();
    }
    return null;
  }

  private Problems() {}
}
