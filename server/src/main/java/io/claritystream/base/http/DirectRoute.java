package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/// A public route that is answered right behind [RequestBoundary], past all that finds out who
/// calls and which method of which controller is meant: for what comes thousands of times a second
/// and proves itself by its address. What it throws becomes a problem, as anywhere.
///
/// It is in [PublicRoutes] and has a controller as well, which describes it and answers those whose
/// address is spelled in another way than plainly.
public interface DirectRoute {

  /// What the address begins with, such as `/hooks/`; only POST is taken.
  String prefix();

  /// @param rest of the address: letters, digits, `_` and `-`
  void answer(String rest, HttpServletRequest request, HttpServletResponse response)
      throws IOException;
}
