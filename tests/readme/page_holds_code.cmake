# Fails unless the text of PAGE contains the text of CODE.
file(READ "${PAGE}" page)
file(READ "${CODE}" code)
string(FIND "${page}" "${code}" place)
if(place EQUAL -1)
  message(FATAL_ERROR "${PAGE} does not hold the code of ${CODE} as it is; copy it there again.")
endif()
