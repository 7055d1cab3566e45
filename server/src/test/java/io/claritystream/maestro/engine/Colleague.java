package io.claritystream.maestro.engine;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Registered;
import java.util.Map;
import java.util.UUID;

/// Another member of the owner's workspace.
final class Colleague {
  private final EngineRig rig;
  private final Registered person;
  private final String id;

  Colleague(EngineRig rig, String email) {
    this.rig = rig;
    this.person = rig.server.client().register(email);
    this.id = person.session().at("/user/id").stringValue();
    // Into the owner's workspace, in place of the own one.
    for (var table : new String[] {"control.members", "control.session"}) {
      rig.server
          .database()
          .superuser()
          .sql("UPDATE " + table + " SET tenant_id = :tenant WHERE user_id = :user")
          .param("tenant", UUID.fromString(rig.owner.organizationId()))
          .param("user", UUID.fromString(id))
          .update();
    }
  }

  ApiClient as(String role) {
    rig.server
        .database()
        .superuser()
        .sql("UPDATE control.members SET role = :role WHERE user_id = :user")
        .param("role", role)
        .param("user", UUID.fromString(id))
        .update();
    var session =
        rig.server
            .client()
            .post("/v1/auth/login", Map.of("email", person.email(), "password", person.password()));
    return rig.server.client().bearer(session.text("access_token"));
  }

  /// May run the workflow from now on, whatever the role permits.
  void mayRun(EngineRig.Workflow workflow) {
    var granted =
        rig.owner
            .client()
            .send(
                "PUT",
                "/v1/workflows/" + workflow.id() + "/grants/" + id,
                EngineRig.JSON.writeValueAsString(Map.of("access", "run")));
    if (granted.status() != 200) {
      throw new AssertionError(granted.response().body());
    }
  }
}
