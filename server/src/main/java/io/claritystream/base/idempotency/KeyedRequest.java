package io.claritystream.base.idempotency;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/// A request with a key, and its body, which is read once to be told apart from others' and once by
/// the controller.
final class KeyedRequest extends HttpServletRequestWrapper {
  static final String ATTRIBUTE = KeyedRequest.class.getName();

  private final byte[] body;
  private @Nullable Claim claim;

  KeyedRequest(HttpServletRequest request) throws IOException {
    super(request);
    this.body = request.getInputStream().readAllBytes();
    setAttribute(ATTRIBUTE, this);
  }

  /// The one that the filter has made of the request at hand, if it has a key.
  static @Nullable KeyedRequest of(HttpServletRequest request) {
    return (KeyedRequest) request.getAttribute(ATTRIBUTE);
  }

  /// Hands on all that makes it this request and no other.
  void into(Mac digest) {
    for (String part :
        new String[] {getMethod(), getRequestURI(), getQueryString(), getContentType()}) {
      digest.update((part == null ? "" : part).getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    digest.update(body);
  }

  static byte[] hash(String key) {
    return sha256().digest(key.getBytes(StandardCharsets.UTF_8));
  }

  @Nullable Claim claim() {
    return claim;
  }

  void claimed(Claim taken) {
    claim = taken;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
  }

  @Override
  public ServletInputStream getInputStream() {
    ByteArrayInputStream bytes = new ByteArrayInputStream(body);
    return new ServletInputStream() {
      @Override
      public int read() {
        return bytes.read();
      }

      @Override
      public int read(byte[] buffer, int offset, int length) {
        return bytes.read(buffer, offset, length);
      }

      @Override
      public boolean isFinished() {
        return bytes.available() == 0;
      }

      @Override
      public boolean isReady() {
        return true;
      }

      @Override
      public void setReadListener(ReadListener listener) {
        throw new UnsupportedOperationException("the body is read by blocking");
      }
    };
  }

  @Override
  public BufferedReader getReader() {
    return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
  }
}
