package io.claritystream.base.http;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpStatusCode;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;

/// Where Tomcat sends what was answered by `sendError`, by itself or by a filter of somebody
/// else's.
@Controller
final class ErrorRoute implements ErrorController {

  private final ProblemResolver problems;

  ErrorRoute(ProblemResolver problems) {
    this.problems = problems;
  }

  @RequestMapping("${server.error.path:/error}")
  void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Object thrown = request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
    if (thrown instanceof Exception failure) {
      problems.write(request, response, failure);
      return;
    }
    Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
    // Asked for by name, the route is like any other that does not exist.
    int code = status instanceof Integer number ? number : 404;
    problems.write(request, response, Problems.ofStatus(HttpStatusCode.valueOf(code)));
  }
}
