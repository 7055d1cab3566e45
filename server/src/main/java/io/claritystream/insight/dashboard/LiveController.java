package io.claritystream.insight.dashboard;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Overview")
class LiveController {
  private final LiveFeed feed;

  LiveController(LiveFeed feed) {
    this.feed = feed;
  }

  @GetMapping(value = "/v1/live", produces = "text/event-stream")
  @RequiresPermission(Permission.OVERVIEW_READ)
  @Operation(
      operationId = "streamLive",
      summary = "What becomes durable, as it does",
      description =
          "Events: `hello` {heartbeat_s}, `metrics` {at, items: [{device_id, site_id, key, value,"
              + " time, seq}]}, `source` (a source whose state changed), `heartbeat`. Ends with the"
              + " session.",
      responses =
          @ApiResponse(
              responseCode = "200",
              content =
                  @Content(mediaType = "text/event-stream", schema = @Schema(type = "string"))))
  void live(Caller caller, HttpServletRequest request, HttpServletResponse response) {
    if (request.getMethod().equals("HEAD")) {
      LiveFeed.begin(response);
    } else {
      feed.serve(caller, response);
    }
  }
}
