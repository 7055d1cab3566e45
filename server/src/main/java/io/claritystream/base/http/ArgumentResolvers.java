package io.claritystream.base.http;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/// What controllers may take as arguments beyond what Spring knows.
final class ArgumentResolvers {

  static final List<HandlerMethodArgumentResolver> ALL = List.of(new Callers(), new Pages());

  private static final class Callers implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == Caller.class;
    }

    @Override
    public Object resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer view,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      return CallerAuthentication.current();
    }
  }

  private static final class Pages implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == PageRequest.class;
    }

    @Override
    public Object resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer view,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      return new PageRequest(limit(request.getParameter("limit")), request.getParameter("cursor"));
    }

    private static int limit(@Nullable String text) {
      if (text == null) {
        return PageRequest.LIMIT_DEFAULT;
      }
      try {
        return Integer.parseInt(text);
      } catch (NumberFormatException notANumber) {
        throw Problem.invalid("limit", "must be a number");
      }
    }
  }

  private ArgumentResolvers() {}
}
