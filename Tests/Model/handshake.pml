/* The handshake between inserting transactions and the daemons of one table; docs/adr/0010-handshake.md explains it.
 * scripts/check-model runs it, and each of its negative controls (#ifdef), which must fail.
 *
 * K: advisory lock "somebody is polling".
 * X: advisory lock "a writer may have skipped its notification and has not ended yet".
 *
 * DAEMONS daemons, one or two. Each does, in any order, whatever its state allows: leave for listening, hear a notification, queue for K
 * beside its polling. FAULTS times in all one is killed and started again, or loses one of its two sessions: the one that
 * listens, or the one for K and X, where the server may notice first, or the daemon (then the server goes on holding).
 * Two writers; the first inserts a row in each of STATEMENTS statements, the second one row. Both commit or roll back.
 *
 * Claim: when all writers have ended, all daemons listen and no notification waits, no committed row is without an
 * embedding. Nobody needed the heartbeat's probe for it. A daemon that is lost with its host, and one that is killed
 * while the server still holds the locks of a session it had given up, are outside this claim.
 *
 * A scan does everything that is visible. Only the last one, under X, is here: the others, in polling and waiting for X,
 * decide nothing and leave less to do, so what holds without them holds with them. For the same reason a wake-up that is
 * heard before the last scan is forgotten here; the product scans. Where an `if` has several open branches, the product
 * may take any.
 */
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef DAEMONS
#define DAEMONS 2
#endif
#ifndef STATEMENTS
#define STATEMENTS 1
#endif
#define ROWS (STATEMENTS + 1)
#define NOBODY 9
#define ME me                             /* the daemon's session for K and X */
#define FORMER (me + 2)                   /* the one it has given up and the server has not */

mtype = { polling, draining, under_x, scanned, listening };
mtype = { none, waits, held };

byte k_shared, x_shared;                  /* writers holding K, X shared */
byte k_owner = NOBODY, x_owner = NOBODY;  /* the session that holds K, X exclusively */
byte k_waiting;                           /* sessions queued for K: new shared tries are refused */
bool pending[ROWS];                       /* row committed and not embedded */
bool note[2 * ROWS];                      /* notification of a row, queued for each daemon */
bool hears[2] = true;                     /* the server has a session of this daemon that listens */
byte faults = FAULTS, writers_ended;
byte idle;                                /* daemons that listen */
#if STATEMENTS == 1
#define NO_NOTES (!note[0] && !note[1] && !note[2] && !note[3])
#define ALL_EMBEDDED (!pending[0] && !pending[1])
#define SCAN pending[0] = false; pending[1] = false
#define DROP_NOTES note[me * ROWS] = false; note[me * ROWS + 1] = false
#else
#define NO_NOTES (!note[0] && !note[1] && !note[2] && !note[3] && !note[4] && !note[5])
#define ALL_EMBEDDED (!pending[0] && !pending[1] && !pending[2])
#define SCAN pending[0] = false; pending[1] = false; pending[2] = false
#define DROP_NOTES note[me * ROWS] = false; note[me * ROWS + 1] = false; note[me * ROWS + 2] = false
#endif

#if DAEMONS == 1
#define QUIET (idle == 1 && writers_ended == 2 && hears[0] && NO_NOTES)
#else
#define QUIET (idle == 2 && writers_ended == 2 && hears[0] && hears[1] && NO_NOTES)
#endif

/* ---- the trigger, once a statement */

#define TRY_X if :: x_owner == NOBODY -> x_shared++; x_mine++; got = true :: else -> got = false fi
/* Who has it already gets it again, whoever waits. */
#define TRY_K if :: (k_mine > 0 || k_owner == NOBODY && k_waiting == 0) -> k_shared++; k_mine++; got = true \
                 :: else -> got = false fi

inline trigger(notifies) {
#ifdef K_FIRST
  atomic { TRY_K };
  if :: got -> notifies = true :: else -> atomic { TRY_X; notifies = !got } fi
#else
  atomic { TRY_X };
  if :: got -> atomic { TRY_K; notifies = got } :: else -> notifies = true fi
#endif
}

inline commit(row, notifies) {
  pending[row] = true;
  if :: notifies -> note[row] = hears[0]; note[ROWS + row] = hears[1] :: else fi
}

proctype Writer(byte number) {
  bool got, first, second; byte k_mine, x_mine;
  trigger(first);
#if STATEMENTS == 2
  if :: number == 0 -> trigger(second) :: else fi;
#endif
  if
  :: atomic {
      commit(number, first);
#if STATEMENTS == 2
      if :: number == 0 -> commit(2, second) :: else fi
#endif
    }
  :: skip                                                                        /* rollback */
  fi;
  atomic {                                                                       /* locks go after visibility */
    k_shared = k_shared - k_mine; x_shared = x_shared - x_mine; k_mine = 0; x_mine = 0; writers_ended++
  }
}

/* ---- the daemon */

#define RELEASE(session) \
    if :: k_owner == session -> k_owner = NOBODY :: else fi; if :: x_owner == session -> x_owner = NOBODY :: else fi
#define END_TRY if :: k == waits -> k_waiting-- :: else fi; k = none
#define END_FORMER if :: former_waits -> k_waiting-- :: else fi; former_waits = false; former = false; RELEASE(FORMER)
#define BECOME(next) if :: state == listening -> idle-- :: else fi; state = next

#ifdef IGNORE_WAKE
#define REMEMBER skip
#else
#define REMEMBER again = true
#endif

inline hear(row) {                               /* its rows are served by their ids, or we have to scan for them */
  note[me * ROWS + row] = false;
  if
  :: state == scanned || state == listening -> pending[row] = false
  :: state == scanned -> REMEMBER
  :: state == listening -> BECOME(polling)
  :: state != scanned && state != listening      /* the last scan is still to come */
  fi
}

#ifdef LEAVE_WHILE_QUEUED
#define TRY_ENDED true
#else
#define TRY_ENDED (k != waits)
#endif
#ifdef FORGET_FORMER
#define FORMER_ENDED true
#else
#define FORMER_ENDED (!former)
#endif
#define UNLOCK_K if :: k == held -> k = none; if :: k_owner == ME -> k_owner = NOBODY :: else fi :: else fi
#ifdef K_AFTER_X
#define UNLOCK_K_BEFORE
#else
#define UNLOCK_K_BEFORE UNLOCK_K;
#endif

#ifdef KILL_LEAVES_FORMER
#define END_FORMER_TOO former_waits = false; former = false
#else
#define END_FORMER_TOO END_FORMER
#endif

proctype Daemon(byte me) {
  mtype state = polling, k = none;               /* k: what we know of our try for K */
  bool again;                                    /* heard of rows after the last scan began */
  bool gone;                                     /* the server ended our session for K and X, and we have not noticed */
  bool former, former_waits;                     /* we gave one up that the server still has */

  do
  /* queue for K for a bounded time, any time while polling */
  :: atomic { state == polling && k == none && !gone -> k = waits; k_waiting++ }
  :: atomic { k == waits && k_shared == 0 && k_owner == NOBODY -> END_TRY; k = held; k_owner = ME }
  :: atomic { k == waits -> END_TRY }                                            /* lock_timeout: polling goes on */

  /* leave: our try for K has ended, no former session of ours can have it, and new writers notify again */
  :: atomic { state == polling && !gone && TRY_ENDED && FORMER_ENDED -> UNLOCK_K_BEFORE state = draining }
  /* wait for the skippers */
  :: atomic { state == draining && x_shared == 0 && x_owner == NOBODY && !gone -> x_owner = ME; state = under_x }
  /* scan once more */
#ifdef NO_LAST_SCAN
  :: atomic { state == under_x -> again = false; state = scanned }
#else
#ifdef MARK_CLEARED_LATE
  :: atomic { state == under_x -> SCAN; state = scanned }
  :: atomic { state == scanned -> again = false }
#else
  :: atomic { state == under_x -> again = false; SCAN; state = scanned }
#endif
#endif
  /* and listen, unless we heard of rows meanwhile */
#ifdef K_AFTER_X
  :: atomic { state == scanned && x_owner == ME -> x_owner = NOBODY }
#endif
  :: atomic { state == scanned ->
      if :: x_owner == ME -> x_owner = NOBODY :: else fi; UNLOCK_K;
      if :: again -> state = polling :: else -> state = listening; idle++ fi; again = false }

  :: atomic { note[me * ROWS] -> hear(0) }
  :: atomic { note[me * ROWS + 1] -> hear(1) }
#if STATEMENTS == 2
  :: atomic { note[me * ROWS + 2] -> hear(2) }
#endif

  /* killed, and started again */
  :: atomic { faults > 0 -> faults--;
      END_TRY; END_FORMER_TOO; RELEASE(ME); DROP_NOTES; hears[me] = true; gone = false; again = false;
#ifdef RESTART_IDLE
      SCAN; BECOME(listening); idle++
#else
      BECOME(polling)
#endif
    }

  /* the session that listens is lost; noticing it is listening again, and scanning after that */
  :: atomic { faults > 0 && hears[me] -> faults--; hears[me] = false; DROP_NOTES }
#ifdef NO_SCAN_AFTER_LISTEN
  :: atomic { !hears[me] -> hears[me] = true }
#else
  :: atomic { !hears[me] -> hears[me] = true;
      if :: state == scanned -> again = true :: state == listening -> BECOME(polling) :: else fi }
#endif

  /* the session for K and X is lost, and the server is the first to know; we go on, or begin again by polling */
  :: atomic { faults > 0 && !gone -> faults--; gone = true; if :: k == waits -> END_TRY :: else fi; RELEASE(ME) }
  :: atomic { gone -> gone = false; k = none;
      if :: state != listening -> state = polling; again = false :: skip fi }

  /* the same, and the daemon is the first to know: the server goes on holding what it held, even a place in the queue */
  :: atomic { faults > 0 && !gone && !former -> faults--; former = true;
      if :: k_owner == ME -> k_owner = FORMER :: else fi; if :: x_owner == ME -> x_owner = FORMER :: else fi;
      former_waits = (k == waits); k = none;
      if :: state != listening -> state = polling; again = false :: skip fi }
  :: atomic { former_waits && k_shared == 0 && k_owner == NOBODY -> former_waits = false; k_waiting--; k_owner = FORMER }
  :: atomic { former_waits -> former_waits = false; k_waiting-- }
  :: atomic { former -> END_FORMER }

  /* the claim */
  :: d_step { QUIET -> assert(ALL_EMBEDDED) }
  :: atomic { QUIET && !former -> break }
  od
}

init {
  atomic {
#if DAEMONS == 1
    hears[1] = false;
#else
    run Daemon(1);
#endif
    run Daemon(0); run Writer(0); run Writer(1)
  }
}
