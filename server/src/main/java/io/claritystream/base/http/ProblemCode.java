package io.claritystream.base.http;

import java.net.URI;
import java.util.Locale;
import org.springframework.http.HttpStatus;

/// Everything that a request can fail of, by cause. The code is stable; titles and remedies are for
/// people and may be reworded.
public enum ProblemCode {
  VALIDATION_FAILED(
      HttpStatus.BAD_REQUEST,
      "The request is not valid",
      "Correct the fields named in errors and send the request again."),
  MALFORMED_JSON(
      HttpStatus.BAD_REQUEST,
      "The body is not the JSON that was expected",
      "Send one JSON value of the documented shape, each key once, nothing after it."),
  UNKNOWN_FIELD(
      HttpStatus.BAD_REQUEST,
      "A field or parameter is not known",
      "Remove it, or see the API description for how it is called."),
  INVALID_CURSOR(
      HttpStatus.BAD_REQUEST,
      "The cursor is not valid",
      "Use next_cursor as the previous page gave it, with the same filters, or begin without one."),
  UNAUTHENTICATED(
      HttpStatus.UNAUTHORIZED,
      "Sign-in is needed",
      "Send an access token in the Authorization header, or sign in."),
  INVALID_CREDENTIALS(
      HttpStatus.UNAUTHORIZED, "Email or password is not right", "Check both and try again."),
  TOKEN_EXPIRED(
      HttpStatus.UNAUTHORIZED,
      "The token has expired",
      "Refresh the session at /v1/auth/refresh, or sign in again."),
  FORBIDDEN(
      HttpStatus.FORBIDDEN,
      "This is not permitted",
      "Ask an owner or admin of the workspace for a role that permits it."),
  CSRF(
      HttpStatus.FORBIDDEN,
      "The request did not come from the web app",
      "Under cookie sign-in send X-Clarity-Request: 1 from the same origin, or use a bearer token."),
  NOT_FOUND(
      HttpStatus.NOT_FOUND,
      "There is nothing here",
      "Check the address and the id. What belongs to another workspace cannot be seen."),
  METHOD_NOT_ALLOWED(
      HttpStatus.METHOD_NOT_ALLOWED,
      "The method is not allowed here",
      "Use a method that the Allow header names."),
  NOT_ACCEPTABLE(
      HttpStatus.NOT_ACCEPTABLE,
      "The answer cannot be given in the form asked for",
      "Accept application/json."),
  CONFLICT(
      HttpStatus.CONFLICT,
      "The request contradicts the present state",
      "See to what the detail says, then try again."),
  PRECONDITION_FAILED(
      HttpStatus.PRECONDITION_FAILED,
      "It was changed since it was read",
      "Read it again, and decide anew; If-Match names the ETag of what was read."),
  PRECONDITION_REQUIRED(
      HttpStatus.PRECONDITION_REQUIRED,
      "The request must say what it is based on",
      "Send If-Match with the ETag that the last GET of it gave."),
  IDEMPOTENCY_KEY_IN_USE(
      HttpStatus.CONFLICT,
      "The request is being carried out",
      "Wait for the time that Retry-After tells and send it again, with the same key."),
  IDEMPOTENCY_KEY_REUSED(
      HttpStatus.UNPROCESSABLE_CONTENT,
      "The Idempotency-Key stands for another request",
      "Make a new key for each request, and use it again only to send the very same one again."),
  WORKFLOW_INVALID(
      HttpStatus.UNPROCESSABLE_CONTENT,
      "The workflow could not run as it is",
      "Correct what errors names; POST /v1/workflows/{id}/validate tells the same at any time."),
  EMAIL_TAKEN(
      HttpStatus.CONFLICT,
      "An account with this email exists already",
      "Sign in, or use another email."),
  NAME_TAKEN(
      HttpStatus.CONFLICT,
      "There is one of this name already",
      "Change the name in the document, or send the import with same_name=true to have both."),
  PLAN_LIMIT(
      HttpStatus.CONFLICT,
      "The plan's limit is reached",
      "Remove what is not needed, or ask for a larger plan."),
  SECRET_WITHOUT_ADDRESS(
      HttpStatus.UNPROCESSABLE_CONTENT,
      "The connector has no address that the secret could be kept to",
      "Make the connection of a connector with a base_url, or take auth none."),
  EXPRESSION_FAILED(
      HttpStatus.UNPROCESSABLE_CONTENT,
      "The expression comes to no answer",
      "Correct the expression at the position, or try it on other input."),
  PAYLOAD_TOO_LARGE(
      HttpStatus.CONTENT_TOO_LARGE, "The body is too large", "Send less in one request."),
  ANSWER_TOO_LARGE(
      HttpStatus.CONTENT_TOO_LARGE,
      "What was asked for is too large to be shown",
      "Look it up where it came from."),
  MISDIRECTED_REQUEST(
      HttpStatus.MISDIRECTED_REQUEST,
      "The request is meant for another server",
      "Use the address that clarity.public-url names; other names are added in clarity.http.hosts."),
  UNSUPPORTED_MEDIA_TYPE(
      HttpStatus.UNSUPPORTED_MEDIA_TYPE,
      "The body is of a kind that is not understood here",
      "Send Content-Type: application/json."),
  RATE_LIMITED(
      HttpStatus.TOO_MANY_REQUESTS,
      "Too many requests",
      "Wait for the seconds that Retry-After names."),
  INTERNAL(
      HttpStatus.INTERNAL_SERVER_ERROR,
      "Something broke on our side",
      "Try again; if it stays, report the instance to the operators."),
  NOT_IMPLEMENTED(
      HttpStatus.NOT_IMPLEMENTED,
      "The request needs what this server does not do",
      "Use HTTP/1.1, and send the body plain or chunked."),
  BAD_GATEWAY(
      HttpStatus.BAD_GATEWAY,
      "What should have answered did not",
      "Look up the execution that is named; what was taken in is not lost."),
  GATEWAY_TIMEOUT(
      HttpStatus.GATEWAY_TIMEOUT,
      "The answer did not come in time",
      "Look up the execution that is named; it goes on."),
  UNAVAILABLE(
      HttpStatus.SERVICE_UNAVAILABLE,
      "The service cannot answer at the moment",
      "Try again in some seconds.");

  private static final String TYPES = "https://claritystream.example/problems/";

  private final HttpStatus status;
  private final String title;
  private final String remedy;

  ProblemCode(HttpStatus status, String title, String remedy) {
    this.status = status;
    this.title = title;
    this.remedy = remedy;
  }

  public HttpStatus status() {
    return status;
  }

  public String title() {
    return title;
  }

  public String remedy() {
    return remedy;
  }

  /// As it stands in `code`.
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  public URI type() {
    return URI.create(TYPES + code());
  }
}
