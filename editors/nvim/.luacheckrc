std = "luajit"
globals = { "vim" }
max_line_length = 100
files["**/protocol.lua"] = { max_line_length = false } -- Generated.
