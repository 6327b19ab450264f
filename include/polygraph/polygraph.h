#pragma once

/// Everything that needs no engine.
#include <polygraph/core/bytes.h>
#include <polygraph/core/data_type.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/log.h>
#include <polygraph/core/npy.h>
#include <polygraph/core/options.h>
#include <polygraph/core/runner.h>
#include <polygraph/core/shape.h>
#include <polygraph/core/tensor.h>
