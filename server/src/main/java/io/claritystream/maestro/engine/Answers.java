package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.Answer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// Callers of webhooks that wait to be answered by an execution of this process.
final class Answers {
  private final ConcurrentMap<UUID, CompletableFuture<@Nullable Answer>> waiting =
      new ConcurrentHashMap<>();

  /// Completes with the answer, or with null if the execution ends, or goes on elsewhere, without
  /// one.
  CompletableFuture<@Nullable Answer> expect(UUID execution) {
    var answer = new CompletableFuture<@Nullable Answer>();
    waiting.put(execution, answer);
    return answer;
  }

  void answered(UUID execution, @Nullable Answer answer) {
    var waiter = waiting.remove(execution);
    if (waiter != null) {
      waiter.complete(answer);
    }
  }

  void forget(UUID execution) {
    waiting.remove(execution);
  }
}
