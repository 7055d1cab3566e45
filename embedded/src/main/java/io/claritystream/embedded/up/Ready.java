package io.claritystream.embedded.up;

import java.util.Map;
import java.util.Optional;

/// What a person is told when everything runs.
///
/// @param signInNeeds what has to be done before another machine's browser can sign in
/// @param pids process numbers by program, for whoever measures
record Ready(
    String url,
    String edgeUrl,
    String data,
    Optional<DemoSignIn> demo,
    Optional<String> signInNeeds,
    Map<String, Long> pids) {

  record DemoSignIn(String email, String password, String passwordFile) {}
}
