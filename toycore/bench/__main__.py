from toycore.bench import main

main()
