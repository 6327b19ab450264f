// What every piece of C++ in the documentation begins with; precompiled once for all pages.
#include <polygraph/openvino.h>
