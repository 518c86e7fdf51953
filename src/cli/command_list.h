/* One line per subcommand. Included by commands.c with NN_COMMAND defined. The first one runs when none is
 * named. */
NN_COMMAND(train)
NN_COMMAND(check)
NN_COMMAND(eval)
NN_COMMAND(predict)
NN_COMMAND(generate)
NN_COMMAND(info)
NN_COMMAND(verify)
NN_COMMAND(replay)
NN_COMMAND(init)
NN_COMMAND(import)
NN_COMMAND(help)
NN_COMMAND(version)
