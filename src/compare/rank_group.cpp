#include <fmt/format.h>
#include <polygraph/compare/rank_group.h>
#include <polygraph/core/error.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "compare/message.h"

namespace polygraph::compare {
namespace {

// A number of the environment, or nothing.
std::optional<int> number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

std::string own_host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

LaunchedRank launched_rank() {
  // Open MPI's mpirun, of version 3 to 5: `man mpirun`, "Exported Environment Variables".
  if (const auto size = number_of("OMPI_COMM_WORLD_SIZE"))
    return {.rank = number_of("OMPI_COMM_WORLD_RANK").value_or(0),
            .size = *size,
            .local_size = number_of("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1)};
  // MPICH and its relatives set PMI_*; PMIx without Open MPI's mpirun is Slurm's srun.
  const bool has_pmix = number_of("PMIX_RANK").has_value();
  const auto size = number_of(has_pmix ? "SLURM_STEP_NUM_TASKS" : "PMI_SIZE");
  if (size && *size > 1 && (has_pmix || number_of("PMI_RANK")))
    throw BackendError(
        fmt::format(
            "This process is one of {} that something other than Open MPI's mpirun launched ({}): each "
            "of them would do all of the work.",
            *size, has_pmix ? "PMIX_RANK" : "PMI_RANK"),
        "Launch them with Open MPI's mpirun (Debian: openmpi-bin), or start Polygraph once, without any.");
  return {};
}

void RankGroup::meet(const std::string& task) {
  detail::MessageWriter writer;
  writer.write(own_host());
  writer.write(task);
  hosts_.assign(static_cast<std::size_t>(size()), "");
  if (rank() != 0) return send(0, {.bytes = writer.take()});
  in_step = size() == 1;  // the others go on to the work
  hosts_[0] = own_host();
  int other = 0;
  for (int from = 1; from < size(); ++from) {
    const RankMessage message = *receive(from);
    detail::MessageReader reader(message.bytes);
    hosts_[static_cast<std::size_t>(from)] = reader.read_text();
    if (reader.read_text() != task && other == 0) other = from;
  }
  if (other != 0)
    throw UsageError(
        fmt::format("The program or the command line of {} is not that of {}.", where(other), where(0)),
        "Run the same version of Polygraph with the same options on all ranks; to run each by itself, "
        "remove OMPI_COMM_WORLD_SIZE from its environment.");
}

std::string RankGroup::where(int rank) const {
  const auto index = static_cast<std::size_t>(rank);
  if (index >= hosts_.size() || hosts_[index].empty()) return fmt::format("rank {}", rank);
  return fmt::format("rank {} on host '{}'", rank, hosts_[index]);
}

}  // namespace polygraph::compare
