package io.claritystream.stream.source;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Line;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Agents")
class PairingCodeController {
  private final PairingCodes codes;
  private final EdgeHosts edge;
  private final Clock clock;

  PairingCodeController(PairingCodes codes, EdgeHosts edge, Clock clock) {
    this.codes = codes;
    this.edge = edge;
    this.clock = clock;
  }

  /// @param name what the agent will be called; its own wish otherwise
  @Schema(name = "PairingCodeRequest")
  record Wish(@Nullable @Line(max = 120) @Schema(minLength = 1, maxLength = 120) String name) {}

  @Schema(name = "PairingCode")
  record Made(UUID id, String code, Instant expiresAt, String serverUrl, String command) {}

  @Schema(name = "PairingCodeState")
  record State(
      UUID id,
      @Schema(allowableValues = {"waiting", "used", "expired"}) String state,
      @Nullable UUID agentId,
      Instant expiresAt) {}

  @PostMapping("/v1/agents/pairing-codes")
  @RequiresPermission(Permission.AGENTS_PAIR)
  @ResponseStatus(HttpStatus.CREATED)
  @Operation(
      operationId = "makePairingCode",
      summary = "A code that pairs one agent within ten minutes; it is shown only here")
  Made make(Caller caller, @Valid @RequestBody Wish wish, HttpServletRequest request) {
    PairingCodes.Made made = codes.make(caller, wish.name(), request.getRemoteAddr());
    String code = made.code().text();
    String server = edge.publicUrl().toString();
    return new Made(
        made.id(),
        code,
        made.expiresAt(),
        server,
        "./clarity agent pair " + code + " --server " + server);
  }

  @GetMapping("/v1/agents/pairing-codes/{id}")
  @RequiresPermission(Permission.AGENTS_PAIR)
  @Operation(
      operationId = "getPairingCode",
      summary = "Whether a code was used, and by which agent")
  State get(Caller caller, @PathVariable("id") UUID id) {
    PairingCodes.State state =
        codes.find(caller.tenantId(), id).orElseThrow(() -> Problem.notFound("pairing code", id));
    String word =
        state.used() ? "used" : state.expiresAt().isAfter(clock.instant()) ? "waiting" : "expired";
    return new State(state.id(), word, state.agentId(), state.expiresAt());
  }
}
