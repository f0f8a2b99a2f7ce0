from toycore.classroom import main

main()
