#include "compare/open_mpi.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <cstdlib>

namespace polygraph::compare::detail {

OpenMpi OpenMpi::open() {
  const char* const named = std::getenv("POLYGRAPH_MPI");
  const std::string file = named != nullptr && *named != '\0' ? named : "libmpi.so.40";
  // Global: Open MPI's own plugins look for its symbols there. Never closed, as its threads may live on.
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    const char* const reason = ::dlerror();
    throw BackendError(
        fmt::format("mpirun launched this process, and Open MPI's library cannot be opened: {}.",
                    reason != nullptr ? reason : file),
        "Install it on every host (Debian: libopenmpi3), or name it with POLYGRAPH_MPI.");
  }
  const auto symbol = [&](const char* name) {
    void* const address = ::dlsym(library, name);
    if (address == nullptr)
      throw BackendError(fmt::format("'{}' is not Open MPI's library: it lacks {}.", file, name),
                         "Name libmpi.so.40 of Open MPI 3, 4 or 5 with POLYGRAPH_MPI.");
    return address;
  };
  const auto function = [&](auto& place, const char* name) {
    place = reinterpret_cast<std::remove_reference_t<decltype(place)>>(symbol(name));
  };
  OpenMpi mpi{};
  mpi.world = symbol("ompi_mpi_comm_world");
  mpi.byte = symbol("ompi_mpi_byte");
  mpi.errors_return = symbol("ompi_mpi_errors_return");
  function(mpi.init_thread, "MPI_Init_thread");
  function(mpi.finalize, "MPI_Finalize");
  function(mpi.abort, "MPI_Abort");
  function(mpi.get_library_version, "MPI_Get_library_version");
  function(mpi.comm_size, "MPI_Comm_size");
  function(mpi.comm_rank, "MPI_Comm_rank");
  function(mpi.comm_set_errhandler, "MPI_Comm_set_errhandler");
  function(mpi.error_string, "MPI_Error_string");
  function(mpi.issend, "MPI_Issend");
  function(mpi.irecv, "MPI_Irecv");
  function(mpi.test, "MPI_Test");
  function(mpi.iprobe, "MPI_Iprobe");
  return mpi;
}

}  // namespace polygraph::compare::detail
