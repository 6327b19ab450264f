#pragma once

#include <cstddef>
#include <string>

// The part of Open MPI that is used, declared here so that no header and no library of it is needed to build.
//
// Functions and their meaning: the MPI standard 3.1. Types: Open MPI's ABI, which its libraries of major
// number 40 (Open MPI 3, 4 and 5) share; its `mpi.h` has handles as pointers to structs
// (`ompi_communicator_t`, ...), the predefined ones being the addresses of exported objects.
namespace polygraph::compare::detail {

struct OpenMpi {
  using Handle = void*;

  /// `MPI_Status`. Open MPI's has three public ints, `_cancelled` and the size_t `_ucount`; the rest is room.
  struct Status {
    int source;
    int tag;
    int error;
    int cancelled;
    std::size_t count;
    std::size_t reserved[4];
  };

  static constexpr int success = 0;             ///< MPI_SUCCESS
  static constexpr int thread_funneled = 1;     ///< MPI_THREAD_FUNNELED: one thread calls MPI
  static constexpr int max_error_string = 256;  ///< MPI_MAX_ERROR_STRING
  static constexpr int max_version = 256;       ///< MPI_MAX_LIBRARY_VERSION_STRING

  // §8.7 and §12.4 of the standard
  int (*init_thread)(int* argc, char*** argv, int required, int* provided);  ///< MPI_Init_thread
  int (*finalize)();                                                         ///< MPI_Finalize
  int (*abort)(Handle comm, int status);                                     ///< MPI_Abort
  int (*get_library_version)(char* text, int* length);                       ///< MPI_Get_library_version
  // §6.4
  int (*comm_size)(Handle comm, int* size);  ///< MPI_Comm_size
  int (*comm_rank)(Handle comm, int* rank);  ///< MPI_Comm_rank
  // §8.3 and §8.4
  int (*comm_set_errhandler)(Handle comm, Handle handler);  ///< MPI_Comm_set_errhandler
  int (*error_string)(int error, char* text, int* length);  ///< MPI_Error_string
  // §3.7 and §3.8: a synchronous send is complete only when its receive has begun
  int (*issend)(const void* data, int count, Handle type, int to, int tag, Handle comm, Handle* request);
  int (*irecv)(void* data, int count, Handle type, int from, int tag, Handle comm, Handle* request);
  int (*test)(Handle* request, int* done, Status* status);                    ///< MPI_Test
  int (*iprobe)(int from, int tag, Handle comm, int* there, Status* status);  ///< MPI_Iprobe

  Handle world;          ///< `ompi_mpi_comm_world`: MPI_COMM_WORLD
  Handle byte;           ///< `ompi_mpi_byte`: MPI_BYTE
  Handle errors_return;  ///< `ompi_mpi_errors_return`: MPI_ERRORS_RETURN

  /// Opens the library. Throws BackendError, saying what to install, if that cannot be, or it is another
  /// MPI's.
  static OpenMpi open();
};

}  // namespace polygraph::compare::detail
