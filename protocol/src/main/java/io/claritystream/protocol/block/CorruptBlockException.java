package io.claritystream.protocol.block;

/// The bytes are not a block: a broken promise of whoever made them, or damage that the batch's
/// checksum did not show.
public final class CorruptBlockException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CorruptBlockException(String message) {
    super(message);
  }

  public CorruptBlockException(String message, Throwable cause) {
    super(message, cause);
  }
}
