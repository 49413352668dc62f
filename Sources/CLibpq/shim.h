#pragma once
#include <libpq-fe.h>
/* Its sockets are waited on with epoll(7), which Swift's Glibc module leaves out. */
#include <sys/epoll.h>
