# Writes a C++ source that defines a variable of HEADER, a std::string_view, as the text of an HTML page: PAGE, with each
# `@name.js@` and `@name.css@` replaced by that file of the page's folder. Other names stay: the program fills those in.
#
#   cmake -DPAGE=html/page.html -DOUTPUT=page.cpp -DHEADER=cli/page.h -DVARIABLE=polygraph::cli::page -P EmbedPage.cmake
cmake_path(GET PAGE PARENT_PATH folder)
file(READ "${PAGE}" text)
string(REGEX MATCHALL "@[a-z_]+\\.(js|css)@" names "${text}")
foreach(name IN LISTS names)
  string(REPLACE "@" "" file "${name}")
  file(READ "${folder}/${file}" content)
  string(REPLACE "${name}" "${content}" text "${text}")
endforeach()
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"\n\nconst std::string_view ${VARIABLE} = R\"polygraph(${text})polygraph\";\n")
