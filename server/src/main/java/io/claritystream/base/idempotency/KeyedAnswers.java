package io.claritystream.base.idempotency;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.ContentCachingResponseWrapper;

/// Notes what a request with a key came to, before the client hears it. [KeyedRequests] has claimed
/// the key by then, if the caller may do at all what is asked.
final class KeyedAnswers extends OncePerRequestFilter {
  private static final Logger log = LoggerFactory.getLogger(KeyedAnswers.class);

  /// What belongs to the answer; the others are made for each anew.
  private static final Set<String> KEPT =
      Set.of(HttpHeaders.CONTENT_TYPE, HttpHeaders.LOCATION, HttpHeaders.ETAG);

  private final Claims claims;
  private final Leases leases;

  KeyedAnswers(Claims claims, Leases leases) {
    this.claims = claims;
    this.leases = leases;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !KeyedRequests.mayHaveKey(request) || request.getHeader(KeyedRequests.HEADER) == null;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    KeyedRequest keyed = new KeyedRequest(request);
    ContentCachingResponseWrapper answer = new ContentCachingResponseWrapper(response);
    boolean kept = false;
    try {
      chain.doFilter(keyed, answer);
      kept = worthKeeping(answer.getStatus()) && !keyed.isAsyncStarted();
    } finally {
      Claim claim = keyed.claim();
      if (claim != null) {
        conclude(claim, answer, kept);
      }
    }
    if (!keyed.isAsyncStarted()) {
      answer.copyBodyToResponse();
    }
  }

  /// If it cannot be noted the client has its answer all the same: the effect is there, and the
  /// same request again is carried out again under the same claim.
  private void conclude(Claim claim, ContentCachingResponseWrapper answer, boolean kept) {
    try {
      if (kept) {
        claims.finish(claim, answer.getStatus(), headers(answer), answer.getContentAsByteArray());
      } else {
        claims.release(claim);
      }
    } catch (RuntimeException failed) {
      log.warn("answer not kept for its key, claim {}, cause {}", claim.id(), failed.toString());
    } finally {
      leases.ended(claim);
    }
  }

  /// An answer that speaks of the moment would be untrue at another.
  private static boolean worthKeeping(int status) {
    return status < 500
        && status != HttpStatus.UNAUTHORIZED.value()
        && status != HttpStatus.FORBIDDEN.value()
        && status != HttpStatus.TOO_MANY_REQUESTS.value()
        && status != HttpStatus.REQUEST_TIMEOUT.value();
  }

  private static List<String> headers(ContentCachingResponseWrapper answer) {
    List<String> headers = new ArrayList<>();
    for (String name : KEPT) {
      String value =
          name.equals(HttpHeaders.CONTENT_TYPE) ? answer.getContentType() : answer.getHeader(name);
      if (value != null) {
        headers.add(name);
        headers.add(value);
      }
    }
    return headers;
  }
}
