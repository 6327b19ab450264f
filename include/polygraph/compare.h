#pragma once

/// Running and comparing: everything in namespace polygraph::compare.
#include <polygraph/compare/accuracy_results.h>
#include <polygraph/compare/comparator.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/data_loader.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/compare/results_json.h>
#include <polygraph/compare/results_npz.h>
#include <polygraph/compare/run_report.h>
#include <polygraph/compare/run_reporter.h>
#include <polygraph/compare/run_results.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/compare/script.h>
#include <polygraph/compare/statistics.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/compare/validate.h>
#include <polygraph/polygraph.h>
