package io.claritystream.base.crypto;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/// Lets a start that fails of the master key end with its sentence and no stack trace.
final class MasterKeyFaultAnalyzer extends AbstractFailureAnalyzer<MasterKeyFault> {
  @Override
  protected @Nullable FailureAnalysis analyze(Throwable rootFailure, MasterKeyFault cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
