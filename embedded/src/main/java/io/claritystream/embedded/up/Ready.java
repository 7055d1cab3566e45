package io.claritystream.embedded.up;

import java.util.Map;
import java.util.Optional;

/// What a person is told when everything runs.
///
/// @param pids process numbers by program, for whoever measures
record Ready(
    String url, String edgeUrl, String data, Optional<DemoSignIn> demo, Map<String, Long> pids) {

  record DemoSignIn(String email, String password, String passwordFile) {}
}
